package io.isochron.app;

import io.isochron.capture.SqlHelper;
import java.util.List;
import picocli.CommandLine.Option;

/** Prints the SQL of the optional helper. */
@picocli.CommandLine.Command(
        name = "sql-helper",
        description = "Prints SQL that makes a database tell the text of statements that change its schema.",
        sortOptions = false,
        footer = {
            "",
            "Optional: changes of the schema are seen without it, only not what the statement said. Run the SQL",
            "as a superuser in each database of each shard. It makes a function and two event triggers, which",
            "write into the WAL; passwords are not recorded, see docs/capture.md. Nothing is connected to.",
            "",
            "Example:",
            "  isochron sql-helper | psql -v ON_ERROR_STOP=1 -d shop",
            "  isochron sql-helper --remove | psql -d shop"
        })
final class SqlHelperCommand extends Command {
    @Option(names = "--remove", description = "Print the SQL that removes it.")
    boolean remove;

    SqlHelperCommand(Host host) {
        super(host);
    }

    @Override
    ExitCode run() {
        String sql = remove ? SqlHelper.remove() : SqlHelper.install();
        output().result(Json.object("sql", sql), List.of(sql.stripTrailing()));
        return ExitCode.OK;
    }
}
