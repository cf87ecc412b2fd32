/**
 * One incident from beginning to end, told with the real services on embedded PostgreSQL: shards under traffic, capture, a snapshot, schema changes,
 * a bad deploy, the search for it, a restore to just before it, proofs, back-fill. The room holds the story and the shards it happens on; everything that is shown is done by the rooms below.
 */
@NullMarked
package io.isochron.demo;

import org.jspecify.annotations.NullMarked;
