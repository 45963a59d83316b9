package dev.demikv.kvclient;

import dev.demikv.libos.lang.Nullable;

/// What is said on a new connection before commands: HELLO, AUTH, SELECT, one at a time, so that
/// each answer decides what comes next. A server that does not know HELLO is greeted in RESP2.
final class Greeting {
  private enum Step {
    HELLO,
    AUTH,
    SELECT,
    DONE
  }

  private final KvClientConfig config;
  private final RequestBuffer requests = new RequestBuffer(64 << 10);
  private final Command command = new Command();
  private Step step = Step.DONE;
  private int database;
  private int protocolVersion = 2;
  private boolean refused;

  Greeting(KvClientConfig config) {
    this.config = config;
    this.database = config.database();
  }

  /// What is to be sent.
  RequestBuffer requests() {
    return requests;
  }

  void setDatabase(int number) {
    database = number;
  }

  int database() {
    return database;
  }

  int protocolVersion() {
    return protocolVersion;
  }

  boolean isDone() {
    return step == Step.DONE;
  }

  /// Whether the server said no to who we are: trying again would not help.
  boolean isRefused() {
    return refused;
  }

  /// Begins anew.
  void begin() {
    requests.clear();
    protocolVersion = 2;
    refused = false;
    if (config.protocol() == KvClientConfig.Protocol.RESP3) {
      step = Step.HELLO;
      command.reset("HELLO").arg(3);
      credentials("AUTH", true);
      requests.append(command);
    } else {
      authenticate();
    }
  }

  /// Takes the reply to the step that was sent.
  ///
  /// @return why the connection cannot be used, or `null`
  @Nullable
  KvException onReply(Reply reply) {
    if (reply instanceof Reply.Failure failure) {
      if (step == Step.HELLO && isUnknown(failure)) {
        authenticate();
        return null;
      }
      refused =
          switch (failure.code()) {
            case "WRONGPASS", "NOAUTH", "NOPERM" -> true;
            default -> step != Step.HELLO;
          };
      return new KvException.ServerError(failure.text());
    }
    switch (step) {
      case HELLO -> {
        protocolVersion = 3;
        select();
      }
      case AUTH -> select();
      case SELECT, DONE -> step = Step.DONE;
    }
    return null;
  }

  private static boolean isUnknown(Reply.Failure failure) {
    return failure.code().equals("NOPROTO") || failure.text().startsWith("ERR unknown command");
  }

  private void authenticate() {
    if (config.password() == null) {
      select();
      return;
    }
    step = Step.AUTH;
    command.reset("AUTH");
    credentials("", config.user() != null);
    requests.append(command);
  }

  private void credentials(String keyword, boolean withUser) {
    String password = config.password();
    if (password == null) {
      return;
    }
    if (!keyword.isEmpty()) {
      command.arg(keyword);
    }
    if (withUser) {
      String user = config.user();
      command.arg(user == null ? "default" : user);
    }
    command.arg(password);
  }

  private void select() {
    if (database == 0) {
      step = Step.DONE;
      return;
    }
    step = Step.SELECT;
    requests.append(command.reset("SELECT").arg(database));
  }
}
