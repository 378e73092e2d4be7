// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.io.IOException;

/** A file that Alluxio cannot hold, because its server tells no length: a page made on request. */
final class UnknownLengthException extends IOException {
  private static final long serialVersionUID = 1L;

  UnknownLengthException(String name) {
    super(name + ": expected a Content-Length, the server sends none for this file");
  }
}
