package dev.demikv.ycsb;

import dev.demikv.kvclient.Command;
import dev.demikv.kvclient.KvClient;
import dev.demikv.kvclient.KvClientConfig;
import dev.demikv.kvclient.KvCommands;
import dev.demikv.kvclient.KvException;
import dev.demikv.kvclient.LibOsSettings;
import dev.demikv.kvclient.Reply;
import dev.demikv.libos.api.LibOsException;
import dev.demikv.libos.config.LibOsConfig;
import dev.demikv.libos.config.Options;
import dev.demikv.libos.lang.Nullable;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import java.util.Vector;
import site.ycsb.ByteIterator;
import site.ycsb.DB;
import site.ycsb.DBException;
import site.ycsb.Status;

/// YCSB's operations on a key-value server. YCSB makes one per thread: a connection each.
///
/// On kernel sockets each thread has a loop of its own. A device with an address of the process's
/// own, as TAP, AF_PACKET and DPDK, can be opened only once: there the threads share one loop, in a
/// thread of its own (`kv.loop` = `shared`), unless there is only one thread.
///
/// A record is one string value (see [Records]) under the key `table:key`.
///
/// | operation | commands |
/// |---|---|
/// | read | GET |
/// | insert | SET |
/// | update of all fields | SET XX |
/// | update of some fields | GET, then SET XX: not atomic; of two clients that update one record at the same time one update may be lost |
/// | delete | DEL |
/// | scan | KRANGE over the table's keys |
///
/// An update gives all fields when it gives as many as the property `fieldcount` says.
///
/// Properties: `kv.host` (127.0.0.1), `kv.port` (6379), `kv.user`, `kv.password`, `kv.db` (0),
/// `kv.timeout` (10s), `kv.libos.*` (settings of the library OS, as
/// `kv.libos.network.backend=kernel`), `kv.loop` (`auto`, `own`, `shared`).
public final class DemiKvClient extends DB {
  private static final System.Logger LOG = System.getLogger(DemiKvClient.class.getName());
  private static final String LIBOS_PREFIX = "kv.libos.";
  private static final int SCAN_PAGE = 1_000;
  private static final int COMPLAINTS_MAX = 5;

  private final Command command = new Command();
  private @Nullable KvCommands openClient;
  private boolean sharesLoop;
  private int fieldCount;
  private int complaintCount;

  /// Made by YCSB, by name.
  public DemiKvClient() {}

  @Override
  public void init() throws DBException {
    Properties properties = getProperties();
    fieldCount = Integer.parseInt(properties.getProperty("fieldcount", "10"));
    try {
      KvClientConfig config = config(properties);
      int threads = Integer.parseInt(properties.getProperty("threadcount", "1"));
      sharesLoop = sharesLoop(properties, config, threads);
      openClient = sharesLoop ? ProcessLoop.open(config, threads) : KvClient.open(config);
    } catch (KvException | LibOsException | IllegalArgumentException e) {
      throw new DBException(e.getMessage(), e);
    }
  }

  private static boolean sharesLoop(Properties properties, KvClientConfig config, int threads) {
    String loop = properties.getProperty("kv.loop", "auto");
    return switch (loop) {
      case "auto" -> threads > 1 && !config.libos().network().equals("kernel");
      case "own" -> false;
      case "shared" -> true;
      default ->
          throw new IllegalArgumentException("kv.loop = " + loop + ": it is auto, own or shared");
    };
  }

  static KvClientConfig config(Properties properties) {
    LibOsConfig libos = LibOsConfig.kernel().withLimits(KvClientConfig.LIBOS_LIMITS);
    for (String name : properties.stringPropertyNames()) {
      if (name.startsWith(LIBOS_PREFIX)) {
        String key = name.substring(LIBOS_PREFIX.length());
        libos = LibOsSettings.apply(libos, key, properties.getProperty(name));
      }
    }
    return KvClientConfig.of(
            properties.getProperty("kv.host", "127.0.0.1"),
            Integer.parseInt(properties.getProperty("kv.port", "6379")))
        .withCredentials(properties.getProperty("kv.user"), properties.getProperty("kv.password"))
        .withDatabase(Integer.parseInt(properties.getProperty("kv.db", "0")))
        .withCommandTimeoutNanos(
            Options.parseNanos("kv.timeout", properties.getProperty("kv.timeout", "10s")))
        .withLibOs(libos);
  }

  @Override
  public void cleanup() {
    KvCommands client = openClient;
    if (client != null) {
      openClient = null;
      if (sharesLoop) {
        ProcessLoop.close(client);
      } else {
        client.close();
      }
    }
  }

  @Override
  public Status read(
      String table, String key, @Nullable Set<String> fields, Map<String, ByteIterator> result) {
    try {
      byte[] record = get(table, key);
      if (record == null) {
        return Status.NOT_FOUND;
      }
      Records.decodeInto(record, fields, result);
      return Status.OK;
    } catch (KvException | IllegalArgumentException e) {
      return failed("read", key, e);
    }
  }

  @Override
  @SuppressWarnings("NonApiType") // The types are YCSB's.
  public Status scan(
      String table,
      String startKey,
      int recordCount,
      @Nullable Set<String> fields,
      Vector<HashMap<String, ByteIterator>> result) {
    try {
      String from = "[" + table + ":" + startKey;
      byte[] start = from.getBytes(StandardCharsets.UTF_8);
      int left = recordCount;
      while (left > 0) {
        int page = Math.min(left, SCAN_PAGE);
        List<Reply> entries = range(table, start, page).elements();
        for (int i = 1; i < entries.size(); i += 2) {
          byte[] record = entries.get(i).bytes();
          if (record != null) {
            HashMap<String, ByteIterator> row = new HashMap<>();
            Records.decodeInto(record, fields, row);
            result.add(row);
          }
        }
        if (entries.size() < 2 * page) {
          break;
        }
        left -= page;
        start = behind(entries.get(entries.size() - 2));
      }
      return Status.OK;
    } catch (KvException | IllegalArgumentException e) {
      return failed("scan", startKey, e);
    }
  }

  /// Keys and values in turn, in order of key, up to the table's end.
  private Reply range(String table, byte[] start, int limit) {
    // ';' is the character behind ':'.
    return client()
        .execute(command.reset("KRANGE").arg(start).arg("(" + table + ";").arg("LIMIT").arg(limit));
  }

  private static byte[] behind(Reply key) {
    byte[] bytes = key.bytes();
    if (bytes == null) {
      throw new IllegalArgumentException("a key is null");
    }
    byte[] bound = new byte[bytes.length + 1];
    bound[0] = '(';
    System.arraycopy(bytes, 0, bound, 1, bytes.length);
    return bound;
  }

  @Override
  public Status update(String table, String key, Map<String, ByteIterator> values) {
    try {
      Map<String, byte[]> fields = bytes(values);
      if (fields.size() < fieldCount) {
        byte[] record = get(table, key);
        if (record == null) {
          return Status.NOT_FOUND;
        }
        Map<String, byte[]> all = Records.decode(record);
        all.putAll(fields);
        fields = all;
      }
      command.reset("SET").arg(name(table, key)).arg(Records.encode(fields)).arg("XX");
      return client().execute(command).isNull() ? Status.NOT_FOUND : Status.OK;
    } catch (KvException | IllegalArgumentException e) {
      return failed("update", key, e);
    }
  }

  @Override
  public Status insert(String table, String key, Map<String, ByteIterator> values) {
    try {
      command.reset("SET").arg(name(table, key)).arg(Records.encode(bytes(values)));
      client().execute(command);
      return Status.OK;
    } catch (KvException | IllegalArgumentException e) {
      return failed("insert", key, e);
    }
  }

  @Override
  public Status delete(String table, String key) {
    try {
      command.reset("DEL").arg(name(table, key));
      return client().execute(command).integer() > 0 ? Status.OK : Status.NOT_FOUND;
    } catch (KvException | IllegalArgumentException e) {
      return failed("delete", key, e);
    }
  }

  private byte @Nullable [] get(String table, String key) {
    return client().execute(command.reset("GET").arg(name(table, key))).bytes();
  }

  private static String name(String table, String key) {
    return table + ":" + key;
  }

  private static Map<String, byte[]> bytes(Map<String, ByteIterator> values) {
    Map<String, byte[]> fields = new LinkedHashMap<>();
    values.forEach((name, value) -> fields.put(name, value.toArray()));
    return fields;
  }

  private KvCommands client() {
    KvCommands client = openClient;
    if (client == null) {
      throw new IllegalStateException("init was not called");
    }
    return client;
  }

  /// What YCSB counts the operation as; the first few failures are logged.
  private Status failed(String operation, String key, RuntimeException e) {
    if (complaintCount < COMPLAINTS_MAX) {
      complaintCount++;
      LOG.log(System.Logger.Level.WARNING, "{0} {1}: {2}", operation, key, e.getMessage());
    }
    return switch (e) {
      case KvException.ServerError error
          when error.getMessage() != null && error.getMessage().startsWith("ERR unknown command") ->
          Status.NOT_IMPLEMENTED;
      case KvException.ConnectionLost _ -> Status.SERVICE_UNAVAILABLE;
      case IllegalArgumentException _ -> Status.UNEXPECTED_STATE;
      default -> Status.ERROR;
    };
  }
}
