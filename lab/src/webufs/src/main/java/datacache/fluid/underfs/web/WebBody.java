// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.io.InputStream;

/**
 * A file's content from some offset on.
 *
 * @param stream to be closed by whoever takes it
 * @param version what tells this version of the file from another: ETag or Last-Modified, else empty
 */
record WebBody(InputStream stream, String version) {}
