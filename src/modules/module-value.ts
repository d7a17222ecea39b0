/** A TypeScript module as a value of the language, so that it can stand in `imports` or define a submodule. */
import { Attrs } from "../lang/eval/value.ts";
import type { NativeModule } from "./define.ts";
import { shapeOf } from "./names.ts";
import type { ScriptModule } from "./script-module.ts";

const { shape, order } = shapeOf(["_type", "_file", "key"]);

export class NativeModuleValue extends Attrs {
  readonly module: NativeModule | ScriptModule;
  constructor(module: NativeModule | ScriptModule) {
    const slots = ["module", module.file, module.key];
    super(
      shape,
      order.map((index) => slots[index]!),
    );
    this.module = module;
  }
}

const values = new WeakMap<NativeModule | ScriptModule, NativeModuleValue>();

export function nativeModuleValue(module: NativeModule | ScriptModule): NativeModuleValue {
  let value = values.get(module);
  if (value === undefined) {
    value = new NativeModuleValue(module);
    values.set(module, value);
  }
  return value;
}
