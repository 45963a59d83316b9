/// The key-value server, a program: it exports nothing.
///
/// `typesafe.config` and Prometheus's are automatic modules (their jars give a name and nothing
/// else), so the server runs on the module path, but jlink cannot link it: the package keeps it on
/// the class path.
@SuppressWarnings("requires-automatic")
module dev.demikv.kvserver {
  requires ch.qos.logback.classic;
  requires ch.qos.logback.core;
  requires dev.demikv.libos;
  requires info.picocli;
  requires io.prometheus.metrics.config;
  requires io.prometheus.metrics.model;
  requires io.prometheus.writer.text;
  requires java.management;
  requires jdk.httpserver;
  requires org.slf4j;
  requires typesafe.config;

  opens dev.demikv.kvserver to
      info.picocli;
}
