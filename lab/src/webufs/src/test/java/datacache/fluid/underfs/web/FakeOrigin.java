// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** A web server on a free port of the loopback interface that also behaves as badly as real ones. */
final class FakeOrigin implements AutoCloseable {
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closing = new CountDownLatch(1);
  private final Map<String, HttpHandler> answers = new ConcurrentHashMap<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();

  FakeOrigin() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /** The address of a path, unescaped as Alluxio writes it. */
  String url(String path) {
    return "http://127.0.0.1:" + server.getAddress().getPort() + path;
  }

  /** What was asked so far: method, escaped path, and the range where there is one. */
  List<String> requests() {
    return requests;
  }

  void on(String escapedPath, HttpHandler handler) {
    answers.put(escapedPath, handler);
  }

  /** The first requests get the earlier answers in turn, all later ones the last. */
  void onInTurn(String escapedPath, HttpHandler... handlers) {
    List<HttpHandler> left = new CopyOnWriteArrayList<>(handlers);
    on(escapedPath, exchange -> {
      HttpHandler next = left.size() > 1 ? left.remove(0) : left.get(0);
      next.handle(exchange);
    });
  }

  /** An index page of an own layout, with a redirect to it from the path without a slash. */
  void index(String escapedPath, String... hrefs) {
    StringBuilder html = new StringBuilder("<title>Index of " + escapedPath + "</title>");
    for (String href : hrefs) {
      html.append("<a href=\"").append(href).append("\">").append(href).append("</a>  ")
          .append("07-Nov-2024 03:04   1.2K\n");
    }
    page(escapedPath, html.toString());
    on(escapedPath.substring(0, escapedPath.length() - 1), redirect(301, escapedPath));
  }

  void page(String escapedPath, String html) {
    on(escapedPath, exchange -> {
      exchange.getResponseHeaders().set("Content-Type", "text/html");
      send(exchange, 200, html.getBytes(StandardCharsets.UTF_8));
    });
  }

  static HttpHandler status(int status) {
    return exchange -> send(exchange, status, "an error page".getBytes(StandardCharsets.UTF_8));
  }

  static HttpHandler redirect(int status, String location) {
    return exchange -> {
      exchange.getResponseHeaders().set("Location", location);
      send(exchange, status, new byte[0]);
    };
  }

  /** A file with ranges, as {@code version} of it. */
  static HttpHandler file(byte[] content, String lastModified, String version) {
    return exchange -> {
      head(exchange, lastModified, version);
      Range range = Range.of(exchange, content.length);
      if (range.asked() && range.from() >= content.length) {
        send(exchange, 416, new byte[0]);
        return;
      }
      range.tell(exchange);
      send(exchange, range.status(), Arrays.copyOfRange(content, range.from(), range.to()));
    };
  }

  /** A file from a server that answers every range with the whole. */
  static HttpHandler fileWithoutRanges(byte[] content, String lastModified) {
    return exchange -> {
      head(exchange, lastModified, "");
      send(exchange, 200, content);
    };
  }

  /** A page made on request: its length is not known when the answer begins. */
  static HttpHandler chunked(byte[] content) {
    return exchange -> {
      boolean head = exchange.getRequestMethod().equals("HEAD");
      exchange.sendResponseHeaders(200, head ? -1 : 0);
      if (!head) {
        exchange.getResponseBody().write(content);
      }
    };
  }

  /** An empty file as Apache serves it: the answer to HEAD has no Content-Length. */
  static HttpHandler emptyOfApache(String lastModified) {
    return exchange -> {
      head(exchange, lastModified, "");
      exchange.sendResponseHeaders(200, -1);
    };
  }

  /** A file whose connection breaks after some bytes of the answer. */
  static HttpHandler breaking(byte[] content, String version, int after) {
    return exchange -> {
      startBody(exchange, content, version, after);
      exchange.close();
    };
  }

  /** A file whose server goes silent after some bytes of the answer, until the origin closes. */
  HttpHandler silent(byte[] content, String version, int after) {
    return exchange -> {
      startBody(exchange, content, version, after);
      awaitClosing();
    };
  }

  /** A server that takes the request and never answers. */
  HttpHandler deaf() {
    return exchange -> awaitClosing();
  }

  @Override
  public void close() {
    closing.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().getRawPath();
    String range = exchange.getRequestHeaders().getFirst("Range");
    requests.add(exchange.getRequestMethod() + " " + path + (range == null ? "" : " " + range));
    try (exchange) {
      answers.getOrDefault(path, status(404)).handle(exchange);
    }
  }

  private void awaitClosing() {
    try {
      closing.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void startBody(HttpExchange exchange, byte[] content, String version, int bytes)
      throws IOException {
    Range range = Range.of(exchange, content.length);
    head(exchange, "", version);
    range.tell(exchange);
    exchange.sendResponseHeaders(range.status(), range.to() - range.from());
    exchange.getResponseBody().write(content, range.from(), bytes);
    exchange.getResponseBody().flush();
  }

  private static void head(HttpExchange exchange, String lastModified, String version) {
    if (!lastModified.isEmpty()) {
      exchange.getResponseHeaders().set("Last-Modified", lastModified);
    }
    if (!version.isEmpty()) {
      exchange.getResponseHeaders().set("ETag", '"' + version + '"');
    }
  }

  private static void send(HttpExchange exchange, int status, byte[] content) throws IOException {
    if (exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseHeaders().set("Content-Length", Integer.toString(content.length));
      exchange.sendResponseHeaders(status, -1);
      return;
    }
    exchange.sendResponseHeaders(status, content.length == 0 ? -1 : content.length);
    exchange.getResponseBody().write(content);
  }

  /** What a request asks for of a file of some length: bytes from one offset to before another. */
  private record Range(boolean asked, int from, int to, int length) {
    static Range of(HttpExchange exchange, int length) {
      String header = exchange.getRequestHeaders().getFirst("Range");
      if (header == null) {
        return new Range(false, 0, length, length);
      }
      String[] bounds = header.replace("bytes=", "").split("-");
      int to = Math.min(length, Integer.parseInt(bounds[1]) + 1);
      return new Range(true, Integer.parseInt(bounds[0]), to, length);
    }

    int status() {
      return asked ? 206 : 200;
    }

    void tell(HttpExchange exchange) {
      if (asked) {
        exchange.getResponseHeaders().set("Content-Range",
            "bytes " + from + "-" + (to - 1) + "/" + length);
      }
    }
  }
}
