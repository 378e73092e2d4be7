// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.util.OptionalLong;

/**
 * What a server tells about a URL.
 *
 * @param directory whether the URL, after redirects, ends in a slash
 * @param length in bytes, where the server tells it
 * @param modifiedMs time of the last change in ms since the epoch, where the server tells it
 * @param etag the server's version mark, empty where it gives none
 */
record WebResource(boolean directory, OptionalLong length, OptionalLong modifiedMs, String etag) {}
