// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.io.InputStream;
import java.net.URI;

/**
 * A file's content that goes on at the same byte when the connection breaks.
 *
 * <p>It gives up after {@value #RESUMPTIONS} breaks without a byte in between, and at once when the
 * server has another version of the file by then.
 */
final class ResumingStream extends InputStream {
  private static final Logger LOG = LoggerFactory.getLogger(ResumingStream.class);
  private static final int RESUMPTIONS = 3;

  private final Origin origin;
  private final URI url;
  private WebBody body;
  private long position;
  private int breaks;

  /**
   * @param offset of the first byte to read
   */
  ResumingStream(Origin origin, URI url, long offset) throws IOException {
    this.origin = origin;
    this.url = url;
    this.position = offset;
    this.body = origin.open(url, offset);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    while (true) {
      try {
        int count = body.stream().read(target, offset, length);
        if (count > 0) {
          position += count;
          breaks = 0;
        }
        return count;
      } catch (IOException e) {
        resume(e);
      }
    }
  }

  @Override
  public void close() throws IOException {
    body.stream().close();
  }

  private void resume(IOException cause) throws IOException {
    body.stream().close();
    breaks++;
    if (breaks > RESUMPTIONS) {
      throw cause;
    }
    LOG.warn("Going on at byte {} of {} after: {}", position, url, cause.getMessage());
    WebBody next = origin.open(url, position);
    if (!next.version().equals(body.version())) {
      next.stream().close();
      throw new IOException(String.format("%s changed while it was read: version \"%s\" up to byte"
          + " %d, now \"%s\"; read it again", url, body.version(), position, next.version()));
    }
    body = next;
  }
}
