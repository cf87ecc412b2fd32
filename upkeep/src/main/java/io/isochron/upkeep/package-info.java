/**
 * What keeps an archive good over the years: retention (which moments are promised, what they need, what may go), compaction (many small objects become few), verification over time and the one
 * verdict on which moments can be restored.
 *
 * <p>This room knows the repository and the chronicle, and asks the restore's planner what a moment needs. It knows nothing of production servers, and starts no database.
 */
@NullMarked
package io.isochron.upkeep;

import org.jspecify.annotations.NullMarked;
