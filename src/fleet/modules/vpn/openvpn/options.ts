/** `vpn.networks.<name>.openvpn`, and that of its members. */
import { option } from "../../../../modules/define.ts";
import { t } from "../../../../modules/types/index.ts";
import { keyFileType } from "../key-file.ts";

const fileOnMachine = (example: string, description: string) =>
  option({ type: t.nullOr(t.str), default: null, example, description });

export const openvpnNetwork = {
  caFile: fileOnMachine(
    "/etc/openvpn/ca.crt",
    "The file on every member with the certificate of the authority that signed the members' certificates.",
  ),
  extraConfig: option({
    type: t.lines,
    default: "",
    description: "Lines added to the configuration of every member (openvpn(8)).",
  }),
} as const;

export const openvpnMember = {
  commonName: option({
    type: t.nullOr(t.strMatching("[A-Za-z0-9_.@-]+")),
    default: null,
    description: "The common name of the member's certificate; null: the name of the node.",
  }),
  certificateFile: fileOnMachine("/etc/openvpn/foo.crt", "The file on the machine with its certificate."),
  privateKeyFile: option({
    type: keyFileType,
    default: null,
    example: "/etc/openvpn/foo.key",
    description: "The file on the machine with the certificate's private key.",
  }),
} as const;
