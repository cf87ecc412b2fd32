package io.isochron.restore;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class BackupManifestTest {

    private static final String TEXT = """
            { "PostgreSQL-Backup-Manifest-Version": 2,
            "System-Identifier": 7445,
            "Files": [
            { "Path": "backup_label", "Size": 224, "Last-Modified": "2026-11-22 16:00:00 GMT", "Checksum-Algorithm": "CRC32C", "Checksum": "78563412" },
            { "Encoded-Path": "62617365ff", "Size": 0, "Last-Modified": "2026-11-22 16:00:00 GMT", "Checksum-Algorithm": "CRC32C", "Checksum": "00000000" },
            { "Path": "global/1262", "Size": 8192, "Last-Modified": "2026-11-22 16:00:00 GMT", "Checksum-Algorithm": "SHA256", "Checksum": "ab" }
            ],
            "WAL-Ranges": [
            { "Timeline": 1, "Start-LSN": "0/2000028", "End-LSN": "0/2000120" }
            ],
            "Manifest-Checksum": "00"}
            """;

    private static BackupManifest manifest(String text) throws IOException {
        return new BackupManifest(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)));
    }

    @Test
    void filesAreFoundInWhateverOrderTheyAreAskedFor() throws IOException {
        try (BackupManifest manifest = manifest(TEXT)) {
            assertThat(manifest.find("global/1262")).isEqualTo(new BackupManifest.Entry("global/1262", 8192, null));
            assertThat(manifest.find("backup_label"))
                    .isEqualTo(new BackupManifest.Entry("backup_label", 224, 0x12345678));
            assertThat(manifest.find("nothing")).isNull();
        }
    }

    @Test
    void aFileThatNobodyAskedForIsTold() throws IOException {
        try (BackupManifest manifest = manifest(TEXT)) {
            manifest.find("backup_label");
            manifest.find("global/1262");
            assertThat(manifest.unclaimed()).startsWith("base");
        }
    }

    @Test
    void aManifestThatIsCutShortIsRefused() {
        String half = TEXT.substring(0, TEXT.indexOf("global"));
        assertThatThrownBy(() -> {
                    try (BackupManifest manifest = manifest(half)) {
                        manifest.find("global/1262");
                    }
                })
                .isInstanceOf(RestoreException.class)
                .hasMessageContaining("backup_manifest");
    }
}
