# lib/firewall.sh: what an engine leaves in the machine's own network: rules of iptables and bridges.
# Sourced by engine. Its own are chains with its prefix (etc/iptables), what leads to them, and what has an address of its range.

our_bridges() { ip -4 -o addr show | awk -v net="$NET." 'index($4, net) == 1 { print $2 }'; }

# What the machine sends to a published port on 127.0.0.1 has to come from another address, or the container answers to its
# own loopback. Netavark 1.4 has a rule for it per port; but a second container that asks for the same port, and cannot have it,
# takes the rule of the first away with its own.
let_loopback_in() {
	local rule=(POSTROUTING -s 127.0.0.0/8 -d "$POOL" -m comment --comment "orchestration-engine $NAME" -j MASQUERADE)
	iptables -w -t nat -C "${rule[@]}" 2>/dev/null || iptables -w -t nat -A "${rule[@]}"
}

# our_rules FAMILY TABLE: commands for restore that take them away
our_rules() {
	"$1-save" -t "$2" | awk -v table="$2" -v chains="$CHAINS" -v pool=" $POOL " '
		$1 ~ "^:" chains { own = own "-F " substr($1, 2) "\n"; gone = gone "-X " substr($1, 2) "\n" }
		/^-A/ && $2 !~ "^" chains && (index($0, "-j " chains) || index($0, pool)) { sub(/^-A/, "-D"); jumps = jumps $0 "\n" }
		END { if (jumps own gone != "") printf "*%s\n%s%s%sCOMMIT\n", table, jumps, own, gone }'
}

clear_firewall() {
	local family table
	for family in iptables ip6tables; do
		for table in nat filter; do
			our_rules $family $table | $family-restore -w --noflush
		done
	done
}

clear_links() {
	local bridge
	for bridge in $(our_bridges); do ip link del "$bridge"; done
}
