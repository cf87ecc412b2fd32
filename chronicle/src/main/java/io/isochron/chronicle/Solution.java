package io.isochron.chronicle;

/** What the solver answers: the cut, or why there is none. */
public sealed interface Solution permits Cut, Unreachable {}
