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

/** The web server behind a mount, as the three questions that an under-store asks. */
final class Origin {
  private static final Logger LOG = LoggerFactory.getLogger(Origin.class);

  private final HttpSender sender;
  private final WebSettings settings;

  Origin(WebSettings settings) {
    this.settings = settings;
    this.sender = new HttpSender(settings.timeout());
  }

  /** What the server tells about a URL, without its content. */
  WebResource head(URI url) throws IOException {
    HttpRequest request =
        sender.request(url).method("HEAD", HttpRequest.BodyPublishers.noBody()).build();
    return sender.send(request, response -> {
      response.body().readAllBytes(); // Read to its end, even an empty body frees the connection.
      HttpHeaders headers = response.headers();
      return new WebResource(UfsPaths.isDirectory(response.uri()),
          headers.firstValueAsLong("Content-Length"), lastModified(headers),
          headers.firstValue("ETag").orElse(""));
    });
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
   * A file's content from an offset on, also from a server that knows no ranges.
   *
   * @param offset in bytes
   */
  WebBody open(URI file, long offset) throws IOException {
    HttpRequest.Builder request = sender.request(file).GET();
    if (offset > 0) {
      request.header("Range", "bytes=" + offset + "-");
    }
    return sender.send(request.build(), response -> {
      moveTo(offset, response);
      HttpHeaders headers = response.headers();
      return new WebBody(response.body(),
          headers.firstValue("ETag").or(() -> headers.firstValue("Last-Modified")).orElse(""));
    });
  }

  private static void moveTo(long offset, HttpResponse<InputStream> response) throws IOException {
    if (response.statusCode() != 206) {
      response.body().skipNBytes(offset);
      return;
    }
    String range = response.headers().firstValue("Content-Range").orElse("");
    if (!range.startsWith("bytes " + offset + "-")) {
      throw new IOException(String.format("%s: asked for bytes from %d on, got Content-Range \"%s\"",
          response.uri(), offset, range));
    }
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
