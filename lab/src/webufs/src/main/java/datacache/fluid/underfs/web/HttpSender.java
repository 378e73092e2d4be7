// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.retry.ExponentialBackoffRetry;
import alluxio.retry.RetryPolicy;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;

/**
 * Sends requests: follows redirects, tries transient failures again, and turns every answer that is
 * no success into an exception that names the request and the status.
 */
final class HttpSender {
  /** Reads a successful response; a failure to do so counts as one of the request's. */
  interface Reader<T> {
    T read(HttpResponse<InputStream> response) throws IOException;
  }

  /** With pauses of about 2 s in all: the time that a web server's restart takes. */
  private static final int RETRIES = 4;
  private static final int FIRST_PAUSE_MS = 50;
  private static final int LONGEST_PAUSE_MS = 2000;

  private final HttpClient client;
  private final Duration timeout;

  /**
   * @param timeout longest wait for a connection, for a response, and for the next piece of a body
   */
  HttpSender(Duration timeout) {
    this.timeout = timeout;
    this.client = HttpClient.newBuilder()
        // A connection for each body: bulk reads share no window, and plain servers get no upgrade.
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NORMAL)
        .connectTimeout(timeout)
        .build();
  }

  /** A request without compression, so that lengths and ranges are those of the file itself. */
  HttpRequest.Builder request(URI url) {
    return HttpRequest.newBuilder(url)
        .timeout(timeout)
        .header("User-Agent", "datacache-fluid-lab")
        .header("Accept-Encoding", "identity");
  }

  /**
   * @param reader gets the response once its status is 2xx; it closes or hands on the body
   * @throws FileNotFoundException for status 404 and 410
   * @throws HttpStatusException for any other answer that is no success and no transient failure
   * @throws IOException when the server is out of reach, silent, or fails time and again
   */
  <T> T send(HttpRequest request, Reader<T> reader) throws IOException {
    RetryPolicy retry = new ExponentialBackoffRetry(FIRST_PAUSE_MS, LONGEST_PAUSE_MS, RETRIES);
    IOException last = null;
    while (retry.attempt()) {
      try {
        return sendOnce(request, reader);
      } catch (FileNotFoundException e) {
        throw e;
      } catch (HttpStatusException e) {
        if (!e.isTransient()) {
          throw e;
        }
        last = e;
      } catch (IOException e) {
        last = e;
      }
    }
    throw new IOException(String.format("%s %s failed %d times, at last with: %s",
        request.method(), request.uri(), retry.getAttemptCount(), last), last);
  }

  private <T> T sendOnce(HttpRequest request, Reader<T> reader) throws IOException {
    HttpResponse<InputStream> response = exchange(request);
    try {
      if (response.statusCode() / 100 == 2) {
        return reader.read(response);
      }
      if (addsSlash(response)) {
        return sendOnce(withUrl(request, UfsPaths.asDirectory(response.uri())), reader);
      }
      throw failure(request.method() + " " + response.uri(), response.statusCode());
    } catch (IOException e) {
      response.body().close();
      throw e;
    }
  }

  private HttpResponse<InputStream> exchange(HttpRequest request) throws IOException {
    try {
      return client.send(request, info -> new BodyStream(request.uri().toString(), timeout));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(request.method() + " " + request.uri() + ": interrupted");
    }
  }

  /**
   * Whether a redirect that the JDK does not follow leads to the same path with a slash. A server
   * behind a TLS proxy redirects to a directory on plain http, which the JDK refuses to follow.
   */
  private static boolean addsSlash(HttpResponse<?> response) {
    String path = response.uri().getRawPath();
    return response.statusCode() / 100 == 3 && !path.endsWith("/")
        && response.headers().firstValue("Location")
            .map(location -> response.uri().resolve(location).getRawPath().equals(path + "/"))
            .orElse(false);
  }

  private static HttpRequest withUrl(HttpRequest request, URI url) {
    return HttpRequest.newBuilder(request, (name, value) -> true).uri(url).build();
  }

  private static IOException failure(String request, int status) {
    return status == 404 || status == 410
        ? new FileNotFoundException(request + ": the server answered " + status)
        : new HttpStatusException(request, status);
  }
}
