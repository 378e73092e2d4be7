// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.io.InputStream;

/**
 * A piece of a file.
 *
 * @param stream to be closed by whoever takes it
 * @param fileLength the whole file's length in bytes, 0 where the server does not tell it and the
 *     stream runs to the file's end
 * @param version what tells this version of the file from another: ETag or Last-Modified, else empty
 */
record WebBody(InputStream stream, long fileLength, String version) {}
