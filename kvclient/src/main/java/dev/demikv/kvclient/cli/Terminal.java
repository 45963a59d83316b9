package dev.demikv.kvclient.cli;

import java.io.InputStream;
import java.io.PrintStream;

/// Where the command line reads and writes.
///
/// @param inputIsTty whether a person types: a prompt is shown
/// @param outputIsTty whether a person reads: replies are printed for people
record Terminal(
    InputStream in, PrintStream out, PrintStream err, boolean inputIsTty, boolean outputIsTty) {}
