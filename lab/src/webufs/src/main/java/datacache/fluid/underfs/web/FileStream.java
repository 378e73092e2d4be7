// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;

/**
 * A file's content, asked for block by block.
 *
 * <p>An Alluxio worker opens a file anew for each block and closes it at the block's end. A request
 * that ends there too leaves nothing in flight to throw away, and its connection serves the next.
 *
 * <p>When a connection breaks, the stream goes on at the same byte. It gives up after {@value
 * #RESUMPTIONS} breaks without a byte in between, and at once when the server has another version of
 * the file by then.
 */
final class FileStream extends InputStream {
  private static final Logger LOG = LoggerFactory.getLogger(FileStream.class);
  private static final int RESUMPTIONS = 3;

  private final Origin origin;
  private final URI url;
  private final long blockSize;
  private long position;
  private WebBody piece;
  private int breaks;
  private boolean closed;

  /**
   * @param offset of the first byte to read
   * @param blockSize in bytes
   */
  FileStream(Origin origin, URI url, long offset, long blockSize) throws IOException {
    this.origin = origin;
    this.url = url;
    this.blockSize = blockSize;
    this.position = offset;
    this.piece = openPiece();
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (closed) {
      throw new IOException(url + ": the stream is closed");
    }
    while (true) {
      IOException end;
      try {
        int count = piece.stream().read(target, offset, length);
        if (count > 0) {
          position += count;
          breaks = 0;
        }
        if (count >= 0 || position >= piece.fileLength()) {
          return count;
        }
        end = new EOFException(url + " ended before byte " + position);
      } catch (IOException e) {
        LOG.warn("Going on at byte {} of {} after: {}", position, url, e.getMessage());
        end = e;
      }
      goOn(end);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    piece.stream().close();
  }

  private void goOn(IOException cause) throws IOException {
    piece.stream().close();
    breaks++;
    if (breaks > RESUMPTIONS) {
      throw cause;
    }
    WebBody next = openPiece();
    if (!next.version().equals(piece.version())) {
      next.stream().close();
      throw new IOException(String.format("%s changed while it was read: version \"%s\" up to byte"
          + " %d, now \"%s\"; read it again", url, piece.version(), position, next.version()));
    }
    piece = next;
  }

  private WebBody openPiece() throws IOException {
    long blockEnd = (position / blockSize + 1) * blockSize;
    return origin.open(url, position, blockEnd);
  }
}
