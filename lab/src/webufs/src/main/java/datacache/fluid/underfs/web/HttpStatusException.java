// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.io.IOException;
import java.util.Set;

/** A server's answer that is not the one asked for: names the method, the URL and the status. */
final class HttpStatusException extends IOException {
  private static final long serialVersionUID = 1L;

  /** Statuses that a moment later may be gone: RFC 9110 section 15, RFC 6585 for 429. */
  private static final Set<Integer> TRANSIENT = Set.of(408, 429, 500, 502, 503, 504);

  private final int status;

  HttpStatusException(String request, int status) {
    super(request + ": expected status 200 or 206, the server answered " + status);
    this.status = status;
  }

  int status() {
    return status;
  }

  boolean isTransient() {
    return TRANSIENT.contains(status);
  }
}
