package dev.demikv.kvserver;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.JsonEncoder;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.spi.LifeCycle;
import dev.demikv.kvserver.config.ConfigKeys;
import dev.demikv.kvserver.config.ServerConfig;
import org.slf4j.LoggerFactory;

/// Messages on standard error, as text or JSON: standard output belongs to the line `ready`.
final class Logging {
  private static final String PATTERN =
      "%d{yyyy-MM-dd'T'HH:mm:ss.SSSXXX} %-5level %logger{0} %msg%n";

  private Logging() {}

  /// Sets form and level.
  static void configure(ServerConfig config) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.reset();
    ConsoleAppender<ILoggingEvent> appender = new ConsoleAppender<>();
    appender.setContext(context);
    appender.setTarget("System.err");
    appender.setEncoder(encoder(context, config.text(ConfigKeys.LOG_FORMAT).equals("json")));
    appender.start();
    ch.qos.logback.classic.Logger root = context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    root.addAppender(appender);
    root.setLevel(Level.toLevel(config.text(ConfigKeys.LOG_LEVEL)));
  }

  private static Encoder<ILoggingEvent> encoder(LoggerContext context, boolean json) {
    Encoder<ILoggingEvent> encoder;
    if (json) {
      JsonEncoder lines = new JsonEncoder();
      lines.setWithSequenceNumber(false);
      lines.setWithNanoseconds(false);
      lines.setWithContext(false);
      lines.setWithFormattedMessage(true);
      lines.setWithMessage(false);
      lines.setWithArguments(false);
      encoder = lines;
    } else {
      PatternLayoutEncoder pattern = new PatternLayoutEncoder();
      pattern.setPattern(PATTERN);
      encoder = pattern;
    }
    encoder.setContext(context);
    ((LifeCycle) encoder).start();
    return encoder;
  }

  /// Changes the level while the server runs.
  static void setLevel(String level) {
    LoggerContext context = (LoggerContext) LoggerFactory.getILoggerFactory();
    context.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME).setLevel(Level.toLevel(level));
  }
}
