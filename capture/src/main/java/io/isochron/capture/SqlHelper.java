package io.isochron.capture;

/**
 * The optional helper inside a database: event triggers that write what a statement about the schema said into the WAL, in a transactional message that goes with the statement's transaction
 * ({@code pg_logical_emit_message}; the message's form is {@link io.isochron.chronicle.DdlText}). Without it changes of the schema are seen all the same, only not their text.
 *
 * <p>It is one function and two event triggers, made by a superuser in each database:
 *
 * <ul>
 *   <li>It must not make a statement fail. Whatever may go wrong happens within a block that catches it; only the writing itself is outside, so that the block's subtransaction needs no id of its
 *       own, and whether the user may write is asked before.
 *   <li>It must not keep secrets. No text is written of statements about user mappings, servers, foreign-data wrappers, foreign tables and subscriptions; none that holds a word like password; none
 *       that is not made of statements about the schema alone (a DO block, a call of a function, data between). Roles and other objects that databases share have no event triggers at all.
 *   <li>It is bounded: 8,000 characters of text, 32 names. Statements about temporary objects only, and what a script of an extension does, are left out.
 * </ul>
 *
 * A command that drops is told when its objects are known ({@code sql_drop}), all others at their end ({@code ddl_command_end}); {@code table_rewrite} would only repeat what the WAL shows.
 */
public final class SqlHelper {
    /** Name of the event trigger for all but drops. */
    static final String TRIGGER = "isochron_ddl";

    /** Name of the event trigger for drops. */
    static final String DROP_TRIGGER = "isochron_drop";

    private static final String REMOVE = """
            drop event trigger if exists isochron_ddl;
            drop event trigger if exists isochron_drop;
            drop function if exists isochron.record_ddl();
            """;

    private static final String FUNCTION = """
            create schema if not exists isochron;
            create function isochron.record_ddl() returns event_trigger
              language plpgsql
              set search_path = pg_catalog, pg_temp
              set standard_conforming_strings = on
            as $isochron$
            declare
              names text[];
              how_many bigint;
              query text;
              bare text;
              withheld boolean := true;
              message bytea;
            begin
              begin
                if tg_event = 'sql_drop' and tg_tag like 'DROP %' then
                  select count(*), (array_agg(left(d.object_type || ' ' || coalesce(d.object_identity, ''), 256) order by not d.original))[1:32]
                    into how_many, names
                    from pg_event_trigger_dropped_objects() d
                    where not d.is_temporary
                      and (d.original or d.normal and d.object_type in ('table', 'view', 'materialized view', 'foreign table'));
                elsif tg_event = 'ddl_command_end' and tg_tag not like 'DROP %' then
                  select count(*), (array_agg(left(c.object_type || coalesce(' ' || c.object_identity, ''), 256)))[1:32]
                    into how_many, names
                    from pg_event_trigger_ddl_commands() c
                    where not c.in_extension and c.schema_name is distinct from 'pg_temp';
                end if;
                if how_many > 0 and (
                    select bool_and(has_function_privilege(p.oid, 'execute')) from pg_proc p
                    where p.proname = 'pg_logical_emit_message' and p.pronamespace = 'pg_catalog'::regnamespace) then
                  query := current_query();
                  if length(query) <= 200000
                      and tg_tag !~ 'USER MAPPING|SERVER|FOREIGN|SUBSCRIPTION|ROLE|DATABASE'
                      and query !~* 'pass ?-?_?(word|wd|phrase|code)|passwd|pwd|secret|credential|token|(api|access|private|secret)[ _-]*key|conn(ection|info)|options\\s*\\(|identified|scram-sha|://[^/[:space:]]*@' then
                    -- without bodies of functions what is left can be parted at its semicolons
                    bare := query;
                    if tg_tag ~ 'FUNCTION|PROCEDURE' then
                      bare := regexp_replace(bare, '[$](\\w*?)[$].*?[$]\\1[$]', ' ', 'g');
                    end if;
                    withheld := exists (
                      select from regexp_split_to_table(bare, ';') as part (sql),
                        regexp_replace(part.sql, '^(\\s|--[^\\n]*(\\n|$)|/[*]([^*]|[*]+[^*/])*[*]+/)+', '') as statement (sql)
                      where statement.sql <> ''
                        and statement.sql !~* '^(create|alter|drop|comment\\s+on|grant|revoke|security\\s+label|refresh|reindex|import|begin|start\\s+transaction|commit|end|savepoint|release|analyze|lock)\\M'
                        and not (tg_tag = 'SELECT INTO' and statement.sql ~* '^(select|with)\\M'));
                  end if;
                  message := convert_to(
                    json_build_object(
                      'v', 1,
                      'tag', tg_tag,
                      'user', session_user || case when current_user <> session_user then ' as ' || current_user else '' end,
                      'database', current_database(),
                      'objects', names,
                      'more', how_many - coalesce(array_length(names, 1), 0),
                      'text', case when not withheld then left(query, 8000) end,
                      'form', case when withheld then 'withheld' when length(query) > 8000 then 'cut' else 'whole' end
                    )::text,
                    'UTF8');
                end if;
              exception when others then
                message := null;
                raise log 'isochron: nothing was written about %: %', tg_tag, sqlerrm;
              end;
              if message is not null then
                perform pg_logical_emit_message(true, 'isochron:ddl', message);
              end if;
            end
            $isochron$;
            comment on function isochron.record_ddl() is 'optional helper of Isochron: writes the text of statements about the schema into the WAL';
            create event trigger isochron_ddl on ddl_command_end execute function isochron.record_ddl();
            create event trigger isochron_drop on sql_drop execute function isochron.record_ddl();
            """;

    private SqlHelper() {}

    /** SQL that installs the helper in the database where a superuser runs it, or installs it anew. PostgreSQL 14 and later. */
    public static String install() {
        return "begin;\n" + REMOVE + FUNCTION + "commit;\n";
    }

    /** SQL that removes the helper from a database; the schema isochron too, if nothing else is in it. */
    public static String remove() {
        return "begin;\n" + REMOVE + """
                do $$ begin drop schema if exists isochron; exception when dependent_objects_still_exist then null; end $$;
                commit;
                """;
    }
}
