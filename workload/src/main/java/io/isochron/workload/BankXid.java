package io.isochron.workload;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.OptionalLong;
import javax.transaction.xa.Xid;

/**
 * The identifier of one branch: {@code gtrid} is {@code bank-<id, hexadecimal>}, {@code bqual} is {@code shard-<index>}. pgjdbc makes
 * the gid {@code <formatId>_<base64 gtrid>_<base64 bqual>} of it.
 */
record BankXid(String transaction, int shard) implements Xid {
    /** "ISOC" in ASCII. */
    static final int FORMAT_ID = 0x49534F43;

    private static final String PREFIX = "bank-";

    static BankXid of(long id, int shard) {
        return new BankXid(PREFIX + Long.toHexString(id), shard);
    }

    @Override
    public int getFormatId() {
        return FORMAT_ID;
    }

    @Override
    public byte[] getGlobalTransactionId() {
        return transaction.getBytes(StandardCharsets.UTF_8);
    }

    @Override
    public byte[] getBranchQualifier() {
        return ("shard-" + shard).getBytes(StandardCharsets.UTF_8);
    }

    String gid() {
        Base64.Encoder base64 = Base64.getEncoder();
        return FORMAT_ID + "_" + base64.encodeToString(getGlobalTransactionId()) + "_"
                + base64.encodeToString(getBranchQualifier());
    }

    /** The id of the transfer whose branch this gid is; empty when it is not one of the bank's. */
    static OptionalLong idOf(String gid) {
        String[] parts = gid.split("_", -1);
        if (parts.length != 3 || !parts[0].equals(Integer.toString(FORMAT_ID))) {
            return OptionalLong.empty();
        }
        try {
            String transaction = new String(Base64.getDecoder().decode(parts[1]), StandardCharsets.UTF_8);
            return transaction.startsWith(PREFIX)
                    ? OptionalLong.of(Long.parseUnsignedLong(transaction.substring(PREFIX.length()), 16))
                    : OptionalLong.empty();
        } catch (IllegalArgumentException e) {
            return OptionalLong.empty();
        }
    }
}
