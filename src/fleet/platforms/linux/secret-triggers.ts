/** `restartUnits` and `reloadUnits` of secrets: a change of the secret counts as a change of the unit. */
import type { SystemSecret } from "../../modules/secrets/secret.ts";
import { defaultUnitChange, type StoreText, type Unit } from "./system.ts";

/** The units with their triggers. One that only the distribution has gets a drop-in, by which its change shows. */
export function withSecretTriggers(units: readonly Unit[], secrets: readonly SystemSecret[]): Unit[] {
  const restart = byUnit(secrets, "restartUnits");
  const reload = byUnit(secrets, "reloadUnits");
  const known = new Set(units.map(({ name }) => name));
  const triggered = units.map((unit) => {
    const restarted = restart.get(unit.name) ?? [];
    const reloaded = reload.get(unit.name) ?? [];
    if (restarted.length === 0 && reloaded.length === 0) return unit;
    return {
      ...unit,
      restartTriggers: [...unit.restartTriggers, ...restarted],
      reloadTriggers: [...unit.reloadTriggers, ...reloaded],
    };
  });
  const foreign = [...new Set([...restart.keys(), ...reload.keys()])].filter((name) => !known.has(name));
  return [
    ...triggered,
    ...foreign.map((name) => dropIn(name, restart.get(name) ?? [], reload.get(name) ?? [])),
  ];
}

function byUnit(
  secrets: readonly SystemSecret[],
  key: "restartUnits" | "reloadUnits",
): Map<string, StoreText[]> {
  const found = new Map<string, StoreText[]>();
  for (const secret of secrets) {
    const trigger = { text: secret.pointer, references: [secret.pointer] };
    for (const unit of new Set(secret[key])) found.set(unit, [...(found.get(unit) ?? []), trigger]);
  }
  return found;
}

function dropIn(
  name: string,
  restartTriggers: readonly StoreText[],
  reloadTriggers: readonly StoreText[],
): Unit {
  return {
    name,
    text: { text: "# Restarted or reloaded by Nixus when a secret changes.\n", references: [] },
    strategy: "drop-in",
    enable: true,
    wantedBy: [],
    requiredBy: [],
    aliases: [],
    change: { ...defaultUnitChange, reloadIfChanged: restartTriggers.length === 0 },
    restartTriggers,
    reloadTriggers,
  };
}
