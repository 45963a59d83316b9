package dev.demikv.libos.net.pkt;

import dev.demikv.libos.net.tcp.TcpConfig;
import java.util.List;
import java.util.Map;

/// A packet script.
///
/// @param name its path below the folder of the scripts, without `.pkt`
/// @param title what it shows, one sentence
/// @param clauses RFCs and their sections
/// @param notOnLinux why a kernel cannot play it; empty if it can
/// @param ipv6 whether it runs over IPv6
/// @param config what the stack is configured with
/// @param settings the same, as written
/// @param sysctls settings of the kernel below `net.ipv4.`
/// @param statements its lines, those of the included files among them
record Script(
    String name,
    String title,
    List<Clause> clauses,
    String notOnLinux,
    boolean ipv6,
    TcpConfig config,
    Map<String, Long> settings,
    Map<String, String> sysctls,
    List<Statement> statements) {

  /// A clause that a script shows.
  ///
  /// @param section empty for the whole RFC
  record Clause(int rfc, String section) {}

  @Override
  public String toString() {
    return name;
  }
}
