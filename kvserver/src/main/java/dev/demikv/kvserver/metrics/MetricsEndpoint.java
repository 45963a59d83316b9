package dev.demikv.kvserver.metrics;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.demikv.libos.api.Endpoint;
import dev.demikv.libos.api.Errno;
import dev.demikv.libos.api.LibOsException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// `GET /metrics`, by the JDK's HTTP server on kernel sockets, in threads of its own.
///
/// Bounded: connections, threads, the time that a request and its response may take (a client that
/// says nothing is closed after some seconds). Threads end when nobody asks.
public final class MetricsEndpoint implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MetricsEndpoint.class);

  private static final int CONNECTIONS_MAX = 16;
  private static final int BACKLOG = 16;
  private static final int THREADS_MAX = 2;
  private static final int REQUEST_SECONDS_MAX = 5;
  private static final int RESPONSE_SECONDS_MAX = 10;
  private static final long IDLE_THREAD_SECONDS = 10;
  private static final long SAMPLE_SECONDS_MAX = 5;

  private final HttpServer http;
  private final ThreadPoolExecutor threads;
  private final MetricsSource source;

  private MetricsEndpoint(HttpServer http, MetricsSource source) {
    this.http = http;
    this.source = source;
    // No more tasks can wait than there are connections.
    this.threads =
        new ThreadPoolExecutor(
            THREADS_MAX,
            THREADS_MAX,
            IDLE_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(2 * CONNECTIONS_MAX),
            task -> {
              Thread thread = new Thread(task, "metrics");
              thread.setDaemon(true);
              return thread;
            });
    threads.allowCoreThreadTimeOut(true);
  }

  /// Listens and serves.
  ///
  /// @throws LibOsException the address cannot be used
  public static MetricsEndpoint open(Endpoint address, MetricsSource source) {
    limit("jdk.httpserver.maxConnections", CONNECTIONS_MAX);
    limit("sun.net.httpserver.maxReqTime", REQUEST_SECONDS_MAX);
    limit("sun.net.httpserver.maxRspTime", RESPONSE_SECONDS_MAX);
    HttpServer http;
    try {
      http = HttpServer.create(socketAddress(address), BACKLOG);
    } catch (IOException e) {
      throw unusable(address, e);
    }
    MetricsEndpoint endpoint = new MetricsEndpoint(http, source);
    http.setExecutor(endpoint.threads);
    http.createContext("/", endpoint::answer);
    http.start();
    return endpoint;
  }

  private static LibOsException unusable(Endpoint address, IOException e) {
    String why = String.valueOf(e.getMessage());
    int errno =
        why.contains("in use")
            ? Errno.EADDRINUSE
            : why.contains("ermission") ? Errno.EACCES : Errno.EADDRNOTAVAIL;
    return new LibOsException(
        "listen on metrics.listen = " + address,
        errno,
        "Choose another address or port; port 0 takes any. It is one of the kernel's.",
        e);
  }

  /// The HTTP server of the JDK reads its limits from properties when it is first used; what the
  /// user set stays.
  private static void limit(String property, int value) {
    if (System.getProperty(property) == null) {
      System.setProperty(property, Integer.toString(value));
    }
  }

  private static InetSocketAddress socketAddress(Endpoint address) {
    String text = address.toString();
    String host = text.substring(0, text.lastIndexOf(':')).replace("[", "").replace("]", "");
    return new InetSocketAddress(InetAddress.ofLiteral(host), address.port());
  }

  /// Where it listens, as `127.0.0.1:9121`.
  public String address() {
    InetSocketAddress address = http.getAddress();
    String host = address.getAddress().getHostAddress();
    return (host.contains(":") ? "[" + host + "]" : host) + ":" + address.getPort();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      String path = exchange.getRequestURI().getPath();
      String method = exchange.getRequestMethod();
      if (!"/metrics".equals(path)) {
        send(exchange, 404, "text/plain; charset=utf-8", text("Metrics are at /metrics.\n"));
      } else if (!method.equals("GET") && !method.equals("HEAD")) {
        exchange.getResponseHeaders().set("Allow", "GET, HEAD");
        send(exchange, 405, "text/plain; charset=utf-8", text("Only GET and HEAD.\n"));
      } else {
        sendMetrics(exchange);
      }
    } catch (RuntimeException e) {
      LOG.warn("A request for metrics failed", e);
      throw e;
    }
  }

  private void sendMetrics(HttpExchange exchange) throws IOException {
    MetricsSample sample;
    try {
      sample = source.take(TimeUnit.SECONDS.toNanos(SAMPLE_SECONDS_MAX));
    } catch (TimeoutException e) {
      send(
          exchange,
          503,
          "text/plain; charset=utf-8",
          text("The server's loop did not answer in time: " + e.getMessage() + "\n"));
      return;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    // The sample may be another request's too.
    MetricsSample machine = new MetricsSample();
    JvmMetrics.add(machine);
    send(exchange, 200, MetricsText.CONTENT_TYPE, MetricsText.of(sample, machine));
  }

  private static byte[] text(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void send(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", type);
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(body.length));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  /// Stops listening and closes all connections.
  @Override
  public void close() {
    http.stop(0);
    threads.shutdownNow();
  }
}
