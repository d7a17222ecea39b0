#!/usr/bin/env node
import { run, type StricliProcess } from "@stricli/core";
import { app } from "./app.ts";
import { withOwnFlags } from "./own-flags.ts";

// The cast only bridges `exitCode`'s types: stricli's allow null, Node's allow undefined.
await run(app, withOwnFlags(process.argv.slice(2)), { process: process as NodeJS.Process & StricliProcess });
