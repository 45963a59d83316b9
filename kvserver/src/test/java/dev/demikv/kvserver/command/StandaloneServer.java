package dev.demikv.kvserver.command;

import dev.demikv.kvserver.engine.Engine;
import dev.demikv.kvserver.engine.Slice;
import dev.demikv.libos.lang.Nullable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;

/// A server without connections, log or snapshots: it records what commands ask of it.
final class StandaloneServer implements ServerInfo {
  final Map<String, String> config = new TreeMap<>();
  final List<String> asked = new ArrayList<>();
  final List<ClientInfo> clients = new ArrayList<>();
  String password = "";
  long nowMicros;

  StandaloneServer(Engine engine) {
    config.put("databases", Integer.toString(engine.databases()));
    config.put("maxmemory", "0");
    config.put("maxmemory-policy", "noeviction");
    config.put("timeout", "0");
  }

  @Override
  public long nowMicros() {
    return nowMicros;
  }

  @Override
  public void info(InfoSection section, InfoWriter out) {
    if (section == InfoSection.CLIENTS) {
      out.field("connected_clients", clients.size());
    }
  }

  @Override
  public boolean authRequired() {
    return !password.isEmpty();
  }

  @Override
  public boolean authenticate(Slice user, Slice given) {
    return user.toString().equals("default")
        && (password.isEmpty() || given.toString().equals(password));
  }

  @Override
  public Map<String, String> config() {
    return new TreeMap<>(config);
  }

  @Override
  public @Nullable String setConfig(String name, String value) {
    if (name.equals("databases")) {
      return "can't set immutable config";
    }
    if (!name.equals("maxmemory-policy") && !value.matches("\\d+")) {
      return "argument must be a memory value";
    }
    config.put(name, value);
    return null;
  }

  @Override
  public void resetStatistics() {
    asked.add("resetStatistics");
  }

  @Override
  public void clients(Consumer<ClientInfo> visitor) {
    clients.forEach(visitor);
  }

  @Override
  public void pause(long untilMillis, boolean writesOnly) {
    asked.add("pause " + untilMillis + (writesOnly ? " writes" : ""));
  }

  @Override
  public void unpause() {
    asked.add("unpause");
  }

  @Override
  public void setActiveExpiry(boolean on) {
    asked.add("activeExpiry " + on);
  }

  @Override
  public @Nullable String saveInBackground() {
    asked.add("saveInBackground");
    return null;
  }

  @Override
  public @Nullable String saveNow() {
    return "ERR Background save already in progress";
  }

  @Override
  public long lastSaveSeconds() {
    return 12345;
  }

  @Override
  public @Nullable String shutdown(ShutdownMode mode) {
    asked.add("shutdown " + mode);
    return null;
  }
}
