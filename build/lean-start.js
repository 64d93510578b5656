// What runs for weeks begins anew in place, once, with the flags of a program that idles: a young generation of one megabyte, no optimising compilers (they
// take 13 MB and start again where a window opens: electron/cli/thrift.ts), one heap for all threads. Only the flags that V8 reads while it starts need it.
// The soft trigger (percent of the room up to the heap's limit) makes V8 leave out what Node counts as young buffers: without it each 14 MB that pass through
// set off a collection of everything, once there has been one, and a forward's download takes twice the processor.
// glibc maps what V8's parser takes in pieces of 32 KB one by one: in the heap 6 MB of holes would stay between what is kept.
if (/^(serve|watch)$/.test(process.argv[2] ?? "") && process.versions.electron === undefined) {
  const malloc = { MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072", MALLOC_MMAP_THRESHOLD_: "32768" };
  if (process.env.GATELIGHT_LEAN === undefined && process.execve !== undefined)
    process.execve(
      process.execPath,
      [
        process.execPath,
        "--max-semi-space-size=1",
        "--incremental-marking-soft-trigger=25",
        "--max-lazy",
        "--optimize-for-size",
        "--no-opt",
        "--no-maglev",
        ...process.execArgv,
        import.meta.filename,
        ...process.argv.slice(2),
      ],
      { ...process.env, GATELIGHT_LEAN: "1", ...malloc },
    );
  for (const name of ["GATELIGHT_LEAN", ...Object.keys(malloc)]) delete process.env[name];
}
