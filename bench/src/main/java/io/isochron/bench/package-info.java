/**
 * Campaigns and measurements that are too long for the tests: many restores from one loaded run, capture at full
 * speed, damaged WAL, comparisons with peers. Each program is
 * started by a script of the same name in this folder, takes a seed and a size, and ends with one line of JSON. Never shipped.
 */
@NullMarked
package io.isochron.bench;

import org.jspecify.annotations.NullMarked;
