#!/usr/bin/env node
import { run, type StricliProcess } from "@stricli/core";
import { app } from "./app.ts";

// The cast only bridges `exitCode`'s types: stricli's allow null, Node's allow undefined.
await run(app, process.argv.slice(2), { process: process as NodeJS.Process & StricliProcess });
