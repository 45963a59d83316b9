/// A client of the key-value server over the queues of a LibOs: a library, and the command line
/// built on it.
///
/// It is not aware of devices: the same client runs on every backend, chosen by configuration.
///
/// ```
///   SharedClient ──▶ SharedLoop (a thread)                for threads that share one device
///                       └─ KvClientGroup                  for many clients in one loop
///   KvClient (blocking, completions)   Pipeline           what users hold; the only one that waits
///       └─ Connection                                     state machine: time and completions in
///            ├─ Greeting        HELLO, AUTH, SELECT
///            ├─ InFlight        commands without an outcome, in order
///            ├─ RequestBuffer   ──▶ Link ──▶ LibOs        push
///            └─ ReplyBuffer     ◀── Link ◀── LibOs        pop
///                 └─ ReplyScanner (where does a reply end?) → ReplyReader (values), Completion
/// ```
///
/// ```
///   try (KvClient client = KvClient.open(KvClientConfig.of("127.0.0.1", 6379))) {
///     client.set("greeting", "hello");
///     String greeting = client.get("greeting");
///
///     Pipeline pipeline = client.pipeline(1000);
///     pipeline.add("INCR").arg("visits");
///     pipeline.add("EXPIRE").arg("greeting").arg(60);
///     List<Reply> replies = pipeline.flush();
///
///     Command get = new Command();
///     Completion[] done = {new Completion()};
///     long id = client.submit(get.reset("GET").arg(key, offset, length)); // a MemorySegment
///     while (client.poll(done, timeoutNanos) == 0) {}
///     int bytes = done[0].copyTo(target, 0);
///   }
/// ```
///
/// Invariants: replies belong to commands by order alone, so whatever breaks the order (garbage, a
/// reply that nobody asked for, a limit) ends the connection; a command is sent a second time only
/// if it is read-only or certainly was not executed; nothing is allocated for a length that a peer
/// announced, only for bytes that came.
///
/// Not there: subscriptions (pushes are dropped), routing over a cluster, TLS, streamed RESP3
/// types. There is no connection for several threads: each has its own, in a loop of its own, or in
/// a [SharedLoop] where a device can be opened only once, and nothing to lock.
///
/// Sources: RESP3 specification (redis.io/docs/latest/develop/reference/protocol-spec).
package dev.demikv.kvclient;
