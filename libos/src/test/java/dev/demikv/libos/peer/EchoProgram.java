package dev.demikv.libos.peer;

import dev.demikv.libos.LibOses;

/// An echo server over a [Lan] as a process of its own, to be killed: `EchoProgram LAN PORT`.
/// Prints a line when it is ready.
final class EchoProgram {
  private EchoProgram() {}

  public static void main(String[] args) {
    StackServer server = new StackServer(LibOses.open(Lan.valueOf(args[0]).config()));
    server.listen(Integer.parseInt(args[1]), StackServer.Echo::new);
    System.out.println("ready");
    while (true) {
      server.turn();
    }
  }
}
