package io.isochron.bench;

import io.isochron.wal.Lsn;
import io.isochron.wal.WalFormat;
import java.nio.file.Path;

/** The side of {@code bench/compare wal-scan} that is ours: {@code DIRECTORY MAJOR START END}, printed as a table and a line of sums. */
public final class WalScanMain {
    private WalScanMain() {}

    public static void main(String[] args) throws Exception {
        Lsn start = Lsn.parse(args[2]);
        WalScan scan = new WalScan(WalFormat.of(Integer.parseInt(args[1])), RecordedWal.SEGMENT_BYTES, start);
        scan.files(Path.of(args[0]), Lsn.parse(args[3]));
        System.out.print(scan.table());
        System.out.println("total " + scan.records() + " " + scan.recordBytes() + " " + scan.imageBytes() + " "
                + (scan.events() + scan.changes()));
    }
}
