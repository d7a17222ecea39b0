import { commandOnSecrets } from "../../secrets/command.ts";
import { generateMissing } from "../../secrets/generate.ts";
import * as text from "../../text.ts";

export const generateCommand = commandOnSecrets(text.secrets.generate, async (found) => {
  const { chosen, names, process } = found;
  const wanted =
    names.length > 0 ? chosen : chosen.filter(({ secret }) => secret.source.type === "generated");
  await generateMissing(found, wanted, process);
});
