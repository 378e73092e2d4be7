// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.ZonedDateTime;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The web server behind a mount, as the three questions that an under-store asks. */
final class Origin {
  private static final Logger LOG = LoggerFactory.getLogger(Origin.class);
  private static final int PARTIAL_CONTENT = 206;
  private static final int RANGE_NOT_SATISFIABLE = 416;
  /** First byte and whole length: RFC 9110 section 14.4. */
  private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d+)-\\d+/(\\d+)");

  private final HttpSender sender;
  private final WebSettings settings;

  Origin(WebSettings settings) {
    this.settings = settings;
    this.sender = new HttpSender(settings.timeout());
  }

  /** What the server tells about a URL, without its content. */
  WebResource head(URI url) throws IOException {
    HttpRequest head =
        sender.request(url).method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
    WebResource resource = sender.send(head, response -> {
      response.body().readAllBytes(); // Read to its end, even an empty body frees the connection.
      return resource(response);
    });
    // Apache tells the length of an empty file only when asked for the file itself.
    return resource.directory() || resource.length().isPresent()
        ? resource
        : sender.send(sender.request(url).GET().build(), response -> {
          response.body().close();
          return resource(response);
        });
  }

  private WebResource resource(HttpResponse<InputStream> response) {
    HttpHeaders headers = response.headers();
    return new WebResource(UfsPaths.isDirectory(response.uri()),
        headers.firstValueAsLong("Content-Length"), lastModified(headers),
        headers.firstValue("ETag").orElse(""));
  }

  /**
   * The index page of a directory.
   *
   * @throws FileNotFoundException when there is no directory at that URL
   * @throws IOException also when the page is something else than an index
   */
  IndexPage index(URI directory) throws IOException {
    IndexPage page = sender.send(sender.request(directory).GET().build(), this::readIndex);
    if (settings.titles().stream().noneMatch(page.title()::contains)) {
      throw new IOException(String.format("%s: expected an index page with one of %s in its title,"
          + " found the title \"%s\"; turn on the server's directory index, or name the title in"
          + " alluxio.underfs.web.titles", directory, settings.titles(), page.title()));
    }
    return page;
  }

  private IndexPage readIndex(HttpResponse<InputStream> response) throws IOException {
    if (!UfsPaths.isDirectory(response.uri())) {
      throw new FileNotFoundException("expected a directory's URL, got to " + response.uri());
    }
    String html = new String(response.body().readAllBytes(), StandardCharsets.UTF_8);
    return IndexPage.parse(html, response.uri(), settings.parentNames());
  }

  /**
   * A piece of a file. A server that knows no ranges sends the rest of the file instead.
   *
   * @param from offset of the first byte; at the file's end or after it the piece is empty
   * @param to offset after the last byte
   */
  WebBody open(URI file, long from, long to) throws IOException {
    HttpRequest request =
        sender.request(file).GET().header("Range", "bytes=" + from + "-" + (to - 1)).build();
    try {
      return sender.send(request, response -> body(response, from));
    } catch (HttpStatusException e) {
      if (e.status() == RANGE_NOT_SATISFIABLE) {
        return new WebBody(InputStream.nullInputStream(), 0, "");
      }
      throw e;
    }
  }

  private static WebBody body(HttpResponse<InputStream> response, long from) throws IOException {
    HttpHeaders headers = response.headers();
    String version =
        headers.firstValue("ETag").or(() -> headers.firstValue("Last-Modified")).orElse("");
    if (response.statusCode() != PARTIAL_CONTENT) {
      response.body().skipNBytes(from);
      return new WebBody(
          response.body(), headers.firstValueAsLong("Content-Length").orElse(0), version);
    }
    String range = headers.firstValue("Content-Range").orElse("");
    Matcher matcher = CONTENT_RANGE.matcher(range);
    if (!matcher.matches() || Long.parseLong(matcher.group(1)) != from) {
      throw new IOException(String.format("%s: asked for bytes from %d on, got Content-Range \"%s\"",
          response.uri(), from, range));
    }
    return new WebBody(response.body(), Long.parseLong(matcher.group(2)), version);
  }

  private OptionalLong lastModified(HttpHeaders headers) {
    String value = headers.firstValue("Last-Modified").orElse("");
    if (value.isEmpty()) {
      return OptionalLong.empty();
    }
    try {
      return OptionalLong.of(
          ZonedDateTime.parse(value, settings.lastModified()).toInstant().toEpochMilli());
    } catch (DateTimeException e) {
      LOG.warn("Last-Modified is \"{}\", expected the format of"
          + " alluxio.underfs.web.header.last.modified; the time is left open", value);
      return OptionalLong.empty();
    }
  }
}
