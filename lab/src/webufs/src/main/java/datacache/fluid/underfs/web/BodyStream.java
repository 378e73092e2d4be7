// SPDX-License-Identifier: GPL-3.0-or-later
package datacache.fluid.underfs.web;

import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpTimeoutException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * A response's body as a stream whose reads time out.
 *
 * <p>The JDK's own body stream waits for ever on a server that goes silent in the middle of a body.
 * One piece of the body is asked for at a time, so a slow reader slows the server and not the heap.
 */
final class BodyStream extends InputStream implements BodySubscriber<InputStream> {
  /** Told apart by identity: a server's piece may be empty too. */
  private static final List<ByteBuffer> END = new ArrayList<>();

  private final String url;
  private final Duration silence;
  private final BlockingQueue<List<ByteBuffer>> arrived = new LinkedBlockingQueue<>();
  private final Queue<ByteBuffer> current = new ArrayDeque<>();
  private final CompletableFuture<Flow.Subscription> subscription = new CompletableFuture<>();
  private volatile Throwable failure;
  private boolean ended;
  private boolean closed;

  /**
   * @param url for messages
   * @param silence longest wait for the next piece of the body
   */
  BodyStream(String url, Duration silence) {
    this.url = url;
    this.silence = silence;
  }

  @Override
  public CompletionStage<InputStream> getBody() {
    return CompletableFuture.completedStage(this);
  }

  @Override
  public void onSubscribe(Flow.Subscription newSubscription) {
    subscription.complete(newSubscription);
    newSubscription.request(1);
  }

  @Override
  public void onNext(List<ByteBuffer> buffers) {
    arrived.add(buffers);
  }

  @Override
  public void onError(Throwable cause) {
    failure = cause;
    arrived.add(END);
  }

  @Override
  public void onComplete() {
    arrived.add(END);
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    return read(one, 0, 1) < 0 ? -1 : Byte.toUnsignedInt(one[0]);
  }

  @Override
  public int read(byte[] target, int offset, int length) throws IOException {
    if (length == 0) {
      return 0;
    }
    ByteBuffer buffer = nextFilled();
    if (buffer == null) {
      return -1;
    }
    int count = Math.min(length, buffer.remaining());
    buffer.get(target, offset, count);
    return count;
  }

  @Override
  public void close() {
    closed = true;
    subscription.thenAccept(Flow.Subscription::cancel);
  }

  /** The buffer to read from, or null at the end of the body. */
  private ByteBuffer nextFilled() throws IOException {
    while (!ended) {
      if (closed) {
        throw new IOException(url + ": the body is closed");
      }
      ByteBuffer head = current.peek();
      if (head == null) {
        receive();
      } else if (head.hasRemaining()) {
        return head;
      } else {
        current.remove();
      }
    }
    return null;
  }

  private void receive() throws IOException {
    List<ByteBuffer> buffers = await();
    if (buffers == END) {
      if (failure != null) {
        closed = true;
        throw new IOException(url + ": the body broke off: " + failure.getMessage(), failure);
      }
      ended = true;
      return;
    }
    current.addAll(buffers);
    subscription.join().request(1);
  }

  private List<ByteBuffer> await() throws IOException {
    try {
      List<ByteBuffer> buffers = arrived.poll(silence.toMillis(), TimeUnit.MILLISECONDS);
      if (buffers == null) {
        close();
        throw new HttpTimeoutException(
            url + ": no data within " + silence.toMillis() + " ms in the middle of the body");
      }
      return buffers;
    } catch (InterruptedException e) {
      close();
      Thread.currentThread().interrupt();
      throw new InterruptedIOException(url + ": interrupted while reading the body");
    }
  }
}
