// SPDX-License-Identifier: GPL-3.0-or-later
// Makes directories in Alluxio from many threads. Arguments: root, number, random bytes of each, threads.
// A directory is tried again while no master leads: a busy machine delays the leader's heartbeats.
import alluxio.AlluxioURI;
import alluxio.client.file.FileSystem;
import alluxio.conf.Configuration;
import alluxio.grpc.CreateDirectoryPOptions;
import alluxio.grpc.WritePType;
import com.google.protobuf.ByteString;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

public class Fill {
  private static final long WITHOUT_LEADER_MS = 120_000;

  public static void main(String[] args) throws Exception {
    String root = args[0];
    long paths = Long.parseLong(args[1]);
    int bytes = Integer.parseInt(args[2]);
    int threads = Integer.parseInt(args[3]);
    FileSystem fs = FileSystem.Factory.create(Configuration.global());
    AtomicLong next = new AtomicLong();
    Thread[] all = new Thread[threads];
    for (int t = 0; t < threads; t++) {
      Random random = new Random(t);
      all[t] = new Thread(() -> {
        for (long n; (n = next.getAndIncrement()) < paths; ) {
          CreateDirectoryPOptions.Builder o = CreateDirectoryPOptions.newBuilder().setRecursive(true).setAllowExists(true).setWriteType(WritePType.MUST_CACHE);
          if (bytes > 0) { byte[] b = new byte[bytes]; random.nextBytes(b); o.putXattr("fill", ByteString.copyFrom(b)); }
          make(fs, new AlluxioURI(root + "/" + (n / 1000) + "/" + (n % 1000)), o.build());
          if (n % 10000 == 0) System.out.println(n);
        }
      });
      all[t].start();
    }
    for (Thread t : all) t.join();
    System.out.println("done " + paths);
    System.exit(0);
  }

  private static void make(FileSystem fs, AlluxioURI path, CreateDirectoryPOptions options) {
    for (long began = System.currentTimeMillis(); ; ) {
      try {
        fs.createDirectory(path, options);
        return;
      } catch (Exception e) {
        boolean leaderless = e.toString().contains("UnavailableException");
        if (!leaderless || System.currentTimeMillis() - began > WITHOUT_LEADER_MS) {
          System.err.println(e);
          System.exit(1);
        }
      }
      try { Thread.sleep(500); } catch (InterruptedException e) { return; }
    }
  }
}
