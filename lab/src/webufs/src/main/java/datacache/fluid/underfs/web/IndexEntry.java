// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.time.Instant;
import java.util.Optional;

/**
 * One child that an index page lists.
 *
 * @param name its name, unescaped, without slashes
 * @param directory whether its link ends in a slash; a link without one can still redirect to a
 *     directory
 * @param modified the page's own date, rounded to minutes and read as UTC, where it has one
 */
record IndexEntry(String name, boolean directory, Optional<Instant> modified) {}
