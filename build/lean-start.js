// What runs for weeks begins anew in place, once, with the flags of a program that idles: a young generation of one megabyte, no optimising compilers (they
// take 13 MB and start again where a window opens: electron/cli/thrift.ts), one heap for all threads. Only the flags that V8 reads while it starts need it.
if (/^(serve|watch)$/.test(process.argv[2] ?? "") && process.versions.electron === undefined) {
  if (process.env.GATELIGHT_LEAN === undefined && process.execve !== undefined)
    process.execve(
      process.execPath,
      [
        process.execPath,
        "--max-semi-space-size=1",
        "--max-lazy",
        "--optimize-for-size",
        "--no-opt",
        "--no-maglev",
        ...process.execArgv,
        import.meta.filename,
        ...process.argv.slice(2),
      ],
      { ...process.env, GATELIGHT_LEAN: "1", MALLOC_ARENA_MAX: "1", MALLOC_TRIM_THRESHOLD_: "131072" },
    );
  for (const name of ["GATELIGHT_LEAN", "MALLOC_ARENA_MAX", "MALLOC_TRIM_THRESHOLD_"]) delete process.env[name];
}
