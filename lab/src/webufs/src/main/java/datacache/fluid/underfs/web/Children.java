// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import alluxio.underfs.UfsStatus;
import alluxio.util.ThreadFactoryUtils;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * The statuses of all children of a directory.
 *
 * <p>Each file is asked for by itself, some at a time. No index page tells enough: its times are
 * rounded to minutes in a zone of their own, and a status that differs from the one of
 * {@code getStatus} makes Alluxio's metadata sync drop the cached file.
 */
final class Children implements AutoCloseable {
  /** Asks for one path. */
  interface StatusReader {
    UfsStatus read(String path, String name) throws IOException;
  }

  private static final Logger LOG = LoggerFactory.getLogger(Children.class);
  /** Requests at a time to one server, over all listings: few enough for a public mirror. */
  private static final int PARALLEL = 8;
  private static final int FORBIDDEN = 403;

  private final StatusReader reader;
  private final StatusFactory statuses;
  private final ExecutorService pool =
      Executors.newFixedThreadPool(PARALLEL, ThreadFactoryUtils.build("web-ufs-%d", true));

  Children(StatusReader reader, StatusFactory statuses) {
    this.reader = reader;
    this.statuses = statuses;
  }

  /**
   * @param directory Alluxio's path of the directory
   * @param entries what its index page lists
   * @throws IOException when one child's status is in doubt: a listing that lacks it would tell
   *     Alluxio to forget the file
   */
  UfsStatus[] statuses(String directory, List<IndexEntry> entries) throws IOException {
    List<Future<Optional<UfsStatus>>> asked = new ArrayList<>();
    try {
      for (IndexEntry entry : entries) {
        asked.add(pool.submit(() -> status(directory, entry)));
      }
      List<UfsStatus> known = new ArrayList<>();
      for (Future<Optional<UfsStatus>> answer : asked) {
        get(answer).ifPresent(known::add);
      }
      return known.toArray(new UfsStatus[0]);
    } finally {
      asked.forEach(answer -> answer.cancel(true));
    }
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }

  /** The child's status, or nothing for one that the index lists but the server does not serve. */
  private Optional<UfsStatus> status(String directory, IndexEntry entry) throws IOException {
    if (entry.directory()) {
      return Optional.of(statuses.directory(entry));
    }
    try {
      return Optional.of(reader.read(directory + "/" + entry.name(), entry.name()));
    } catch (FileNotFoundException | UnknownLengthException e) {
      LOG.warn("Left out of the listing of {}: {}", directory, e.getMessage());
    } catch (HttpStatusException e) {
      if (e.status() != FORBIDDEN) {
        throw e;
      }
      LOG.warn("Left out of the listing of {}: {}", directory, e.getMessage());
    }
    return Optional.empty();
  }

  private static <T> T get(Future<T> answer) throws IOException {
    try {
      return answer.get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while listing a directory");
    }
  }
}
