/// TCP, RFC 9293. Rank 4.
package dev.demikv.libos.net.tcp;
