/// The client of the key-value server: [dev.demikv.kvclient.KvClient], and the command line.
module dev.demikv.kvclient {
  requires transitive dev.demikv.libos;
  requires info.picocli;

  exports dev.demikv.kvclient;

  opens dev.demikv.kvclient.cli to
      info.picocli;
}
