/** The backends that come with Nixus, by name. */

export const backendNames = ["openvpn", "wireguard"] as const;

export type BackendName = (typeof backendNames)[number];

/** UDP ports as IANA has them, or as everybody uses them. */
export const defaultPorts: Readonly<Record<BackendName, number>> = { openvpn: 1194, wireguard: 51820 };
