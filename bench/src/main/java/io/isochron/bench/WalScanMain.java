package io.isochron.bench;

import io.isochron.wal.Lsn;
import io.isochron.wal.WalFormat;
import java.nio.file.Path;

/**
 * The side of {@code bench/compare wal-scan} that is ours: {@code DIRECTORY MAJOR START END [PASSES]}, printed as a table and a line of sums. With
 * more than one pass, the seconds of the last one follow, which a virtual machine reads that has seen the same segments before.
 */
public final class WalScanMain {
    private WalScanMain() {}

    public static void main(String[] args) throws Exception {
        int passes = args.length > 4 ? Integer.parseInt(args[4]) : 1;
        Lsn start = Lsn.parse(args[2]);
        Lsn end = Lsn.parse(args[3]);
        for (int pass = 1; ; pass++) {
            long began = System.nanoTime();
            WalScan scan = new WalScan(WalFormat.of(Integer.parseInt(args[1])), RecordedWal.SEGMENT_BYTES, start);
            scan.files(Path.of(args[0]), end);
            if (pass >= passes) {
                System.out.print(scan.table());
                System.out.println("total " + scan.records() + " " + scan.recordBytes() + " " + scan.imageBytes() + " "
                        + (scan.events() + scan.changes()));
                if (passes > 1) {
                    System.out.println("last " + (System.nanoTime() - began) / 1e9);
                }
                return;
            }
        }
    }
}
