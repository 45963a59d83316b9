/// The storage queue: named logs of records on any [dev.demikv.libos.device.LogDevice]. Rank 4.
package dev.demikv.libos.log;
