# shellcheck shell=sh
# shellcheck disable=SC2094,SC2154  # the variables of common.sh; loops that append to what they look things up in
# Accounts: new texts of passwd, group, shadow and gshadow as a function of the system, of the texts that are there,
# and of what we did to them ($state/accounts, a line for each):
#   user:NAME:UID                    we made this account
#   group:NAME:GID                   we made this group
#   member:GROUP:USER                we put USER into GROUP
#   shell:NAME:BEFORE:OURS           we changed the shell of an account that existed
# Lines that none of this concerns keep their text and place, so that leaving out an account again gives back the
# text that was there. Before a file changes, the old and the new lines together are on disk.
#
# $state/uids   user:NAME:UID, group:NAME:GID of all that ever were: an id is never given to another name.
# $state/shadow the password lines of accounts that we made and removed, for their return (roll-back).
#
# We edit the texts ourselves because useradd, usermod and userdel do more than they are told: they remove
# groups, chown homes, reset logs. Their lock files are held meanwhile (see lock_accounts).


# Whether files are about to be replaced by what is planned.
accounts_locked=

# find_line FILE NAME: the line of that name in $found.
find_line() {
  while IFS= read -r found; do
    case $found in "$2":*) return 0 ;; esac
  done <"$1"
  found=
  return 1
}

# second, third and fourth field of $found
found_fields() {
  f2=${found#*:} f3=${f2#*:} f4=${f3#*:}
  f2=${f2%%:*} f3=${f3%%:*} f4=${f4%%:*}
}

# in_list LIST WORD, commas between words
in_list() { case ",$1," in *",$2,"*) return 0 ;; *) return 1 ;; esac; }

note() { printf '%s\n' "$1" >>"$plan/records"; }

# record_with PREFIX: whether we have such a record; the rest of the first one in $rest.
record_with() {
  while IFS= read -r rw_line; do
    case $rw_line in
      "$1"*)
        rest=${rw_line#"$1"}
        return 0
        ;;
    esac
  done <"$plan/old"
  return 1
}

# The ids in use or given before, one a line: `ID NAME`.
collect_ids() {
  while IFS=: read -r ci_name ci_rest; do
    ci_rest=${ci_rest#*:}
    printf '%s %s\n' "${ci_rest%%:*}" "$ci_name"
  done <"$1" >"$plan/$2-ids"
  while IFS=: read -r ci_kind ci_name ci_id; do
    [ "$ci_kind" != "$2" ] || printf '%s %s\n' "$ci_id" "$ci_name"
  done <"$plan/uids" >>"$plan/$2-ids"
}

# id_owner KIND ID NAME: somebody other than NAME has or had this id; who, in $owner.
id_owner() {
  while read -r io_id owner; do
    if [ "$io_id" = "$2" ] && [ "$owner" != "$3" ]; then return 0; fi
  done <"$plan/$1-ids"
  return 1
}

# choose_id KIND NAME WANTED SYSTEM: in $id. An id that was once given to the name stays with it.
choose_id() {
  if [ -n "$3" ]; then
    id=$3
    if id_owner "$1" "$id" "$2"; then
      problem "$1 '$2' cannot have the id $id: '$owner' has or had it on this machine (see $state/uids); choose another"
      return 1
    fi
  else
    id=
    while IFS=: read -r cd_kind cd_name cd_id; do
      if [ "$cd_kind" = "$1" ] && [ "$cd_name" = "$2" ]; then id=$cd_id; fi
    done <"$plan/uids"
    if [ -z "$id" ] || id_owner "$1" "$id" "$2"; then
      if [ "$4" = 1 ]; then id=999 cd_step=-1 cd_end=399; else id=1000 cd_step=1 cd_end=60000; fi
      while id_owner "$1" "$id" ''; do
        id=$((id + cd_step))
        if [ "$id" = "$cd_end" ]; then
          problem "no free id is left for the $1 '$2'"
          return 1
        fi
      done
    fi
  fi
  printf '%s %s\n' "$id" "$2" >>"$plan/$1-ids"
  has_line "$plan/uids" "$1:$2:$id" || printf '%s:%s:%s\n' "$1" "$2" "$id" >>"$plan/uids"
}

# New groups, and which groups are ours. Appends to $plan/new-groups: name:gid.
plan_groups() {
  pg_status=0
  while IFS=: read -r name wanted; do
    if find_line /etc/group "$name"; then
      found_fields
      if record_with "group:$name:" && [ "$rest" = "$f3" ]; then note "group:$name:$f3"; fi
      if [ -n "$wanted" ] && [ "$wanted" != "$f3" ]; then
        if record_with "group:$name:"; then
          warn "not applying GID change of group '$name' ($f3 -> $wanted)"
        else
          problem "the group '$name' exists on this machine with the id $f3, not $wanted; leave out its gid or rename it"
          pg_status=1
        fi
      fi
    elif choose_id group "$name" "$wanted" 1; then
      note "group:$name:$id"
      printf '%s:%s\n' "$name" "$id" >>"$plan/new-groups"
    else
      pg_status=1
    fi
  done <"$system/manifest/groups"
  return $pg_status
}

# group_id NAME: in $gid.
group_id() {
  if find_line "$plan/new-groups" "$1"; then
    gid=${found#*:}
  elif find_line /etc/group "$1"; then
    found_fields
    gid=$f3
  else
    return 1
  fi
}

# New and changed accounts. Appends to $plan/new-users (passwd lines), $plan/shells (name:shell of adopted accounts).
plan_users() {
  pu_status=0
  while IFS=: read -r name wanted group home shell create_home is_system password description; do
    if [ -n "$shell" ] && [ ! -x "$shell" ]; then
      problem "the shell $shell of the account '$name' does not exist on this machine"
      pu_status=1
    fi
    if ! group_id "$group"; then
      problem "the account '$name' has the primary group '$group', which neither the system nor this machine has"
      pu_status=1
      continue
    fi
    ours=
    if find_line /etc/passwd "$name"; then
      found_fields
      id=$f3
      if record_with "user:$name:" && [ "$rest" = "$id" ]; then ours=1; fi
      if [ -n "$wanted" ] && [ "$wanted" != "$id" ]; then
        if [ -n "$ours" ]; then
          warn "not applying UID change of user '$name' ($id -> $wanted)"
        else
          problem "the account '$name' exists on this machine with the id $id, not $wanted; leave out its uid or rename it"
          pu_status=1
        fi
      fi
      if [ -z "$ours" ]; then
        [ -z "$shell" ] || plan_shell
        continue
      fi
    elif choose_id user "$name" "$wanted" "$is_system"; then
      :
    else
      pu_status=1
      continue
    fi
    note "user:$name:$id"
    printf '%s:x:%s:%s:%s:%s:%s\n' "$name" "$id" "$gid" "$description" "$home" "${shell:-/usr/sbin/nologin}" \
      >>"$plan/our-users"
    printf '%s:%s\n' "$name" "$password" >>"$plan/passwords"
    [ "$create_home" != 1 ] || printf '%s:%s:%s\n' "$home" "$id" "$gid" >>"$plan/homes"
  done <"$system/manifest/users"
  return $pu_status
}

# The shell of an adopted account ($found), unless it has that one of its own.
plan_shell() {
  ps_before=${found##*:}
  if record_with "shell:$name:"; then
    ps_before=${rest%%:*}
  elif [ "$ps_before" = "$shell" ]; then
    return 0
  fi
  note "shell:$name:$ps_before:$shell"
  printf '%s:%s\n' "$name" "$shell" >>"$plan/shells"
}

# Memberships: which are to be added, which of ours are to go.
plan_members() {
  pm_status=0
  while IFS=: read -r group name; do
    if ! group_id "$group"; then
      problem "the account '$name' shall be in the group '$group', which neither the system nor this machine has"
      pm_status=1
      continue
    fi
    if ! find_line "$plan/our-users" "$name" && ! find_line /etc/passwd "$name"; then
      problem "the group '$group' shall have the member '$name', which neither the system nor this machine has"
      pm_status=1
      continue
    fi
    if find_line /etc/group "$group"; then
      if in_list "${found##*:}" "$name" && ! has_line "$plan/old" "member:$group:$name"; then continue; fi
    fi
    note "member:$group:$name"
    printf '%s:%s\n' "$group" "$name" >>"$plan/members"
  done <"$system/manifest/members"
  return $pm_status
}

# set_members GROUP MEMBERS: the members with ours that are gone left out and the new ones at the end: in $members.
set_members() {
  members=$2
  while IFS=: read -r sm_kind sm_group sm_user; do
    if [ "$sm_kind:$sm_group" = "member:$1" ] && ! has_line "$plan/members" "$1:$sm_user"; then
      sm_list=",$members,"
      case $sm_list in
        *",$sm_user,"*)
          sm_list="${sm_list%%",$sm_user,"*},${sm_list#*",$sm_user,"}"
          sm_list=${sm_list#,}
          members=${sm_list%,}
          ;;
      esac
    fi
  done <"$plan/old"
  while IFS=: read -r sm_group sm_user; do
    if [ "$sm_group" = "$1" ] && ! in_list "$members" "$sm_user"; then members=${members:+$members,}$sm_user; fi
  done <"$plan/members"
}

# Whether a line NAME with id ID is one of ours that the system no longer has.
is_dropped() {
  has_line "$plan/old" "$1:$2:$3" && ! has_line "$plan/records" "$1:$2:$3"
}

write_group_texts() {
  while IFS= read -r line; do
    name=${line%%:*}
    found=$line
    found_fields
    if is_dropped group "$name" "$f3"; then
      if find_line_with_gid "$f3"; then
        warn "the group '$name' stays: it is the primary group of '${found%%:*}'"
        note "group:$name:$f3"
      else
        printf '%s\n' "$name" >>"$plan/dropped-groups"
        continue
      fi
    fi
    set_members "$name" "${line##*:}"
    printf '%s:%s\n' "${line%:*}" "$members"
  done </etc/group >"$plan/group"
  while IFS=: read -r name id; do
    set_members "$name" ''
    printf '%s:x:%s:%s\n' "$name" "$id" "$members"
  done <"$plan/new-groups" >>"$plan/group"
  [ -e /etc/gshadow ] || return 0
  while IFS= read -r line; do
    name=${line%%:*}
    if has_line "$plan/dropped-groups" "$name"; then continue; fi
    set_members "$name" "${line##*:}"
    printf '%s:%s\n' "${line%:*}" "$members"
  done </etc/gshadow >"$plan/gshadow"
  while IFS=: read -r name id; do
    find_line /etc/group "$name" || true
    set_members "$name" ''
    find_line /etc/gshadow "$name" || printf '%s:!::%s\n' "$name" "$members" >>"$plan/gshadow"
  done <"$plan/new-groups"
}

# A line of the new passwd with this primary group.
find_line_with_gid() {
  while IFS= read -r found; do
    found_fields
    if [ "$f4" = "$1" ]; then return 0; fi
  done <"$plan/passwd"
  return 1
}

# set_shell LINE: with the shell that the account shall have now, in $line.
set_shell() {
  ss_name=${1%%:*}
  ss_now=${1##*:}
  if find_line "$plan/shells" "$ss_name"; then
    line=${1%:*}:${found#*:}
  else
    while IFS=: read -r ss_kind ss_record ss_before ss_ours; do
      if [ "$ss_kind:$ss_record" = "shell:$ss_name" ] && [ "$ss_ours" = "$ss_now" ]; then line=${1%:*}:$ss_before; fi
    done <"$plan/old"
  fi
}

write_user_texts() {
  while IFS= read -r line; do
    name=${line%%:*}
    found=$line
    found_fields
    if is_dropped user "$name" "$f3"; then
      printf '%s\n' "$name" >>"$plan/dropped-users"
      continue
    fi
    if find_line "$plan/our-users" "$name"; then
      line=$found
    else
      set_shell "$line"
    fi
    printf '%s\n' "$line"
  done </etc/passwd >"$plan/passwd"
  while IFS= read -r line; do
    name=${line%%:*}
    find_line "$plan/passwd" "$name" || printf '%s\n' "$line" >>"$plan/passwd"
  done <"$plan/our-users"
  [ -e /etc/shadow ] || return 0
  while IFS= read -r line; do
    name=${line%%:*}
    if has_line "$plan/dropped-users" "$name"; then
      printf '%s\n' "$line" >>"$plan/retired"
    else
      printf '%s\n' "$line"
    fi
  done </etc/shadow >"$plan/shadow"
  today=$(($(date +%s) / 86400))
  while IFS=: read -r name password; do
    if find_line "$plan/shadow" "$name"; then continue; fi
    if find_line "$plan/retired-before" "$name"; then
      printf '%s\n' "$found"
    else
      # `*` is a password that nothing matches; `!` would lock out keys as well where sshd runs without PAM.
      read_password
      printf '%s:%s:%s:0:99999:7:::\n' "$name" "${password:-*}" "$today"
    fi
  done <"$plan/passwords" >>"$plan/shadow"
  while IFS= read -r line; do
    name=${line%%:*}
    find_line "$plan/retired" "$name" || find_line "$plan/shadow" "$name" || printf '%s\n' "$line" >>"$plan/retired"
  done <"$plan/retired-before"
}

# The hash from the file that $password names, if it does. A system that is only looked at has no secrets there yet.
read_password() {
  case $password in @*) password_file=${password#@} ;; *) return 0 ;; esac
  password=
  if [ -r "$password_file" ]; then IFS= read -r password <"$password_file" || [ -n "$password" ] || :; fi
  case $password in
    '') rp_problem='it cannot be read, or is empty' ;;
    *:*) rp_problem='its first line is no hash of a password (crypt(5))' password= ;;
    *) return 0 ;;
  esac
  [ -z "$accounts_locked" ] ||
    warn "the account '$name' gets no password: $rp_problem: $password_file"
}

copy_or_empty() { if [ -e "$1" ]; then cat -- "$1" >"$2"; else : >"$2"; fi; }

# All texts into the work directory; says what is wrong. Changes nothing else.
plan_accounts() {
  plan=$work/accounts
  (
    umask 077
    rm -rf -- "$plan" && mkdir -p "$plan" || exit 1
    for pa_file in records new-groups our-users passwords homes shells members retired dropped-users dropped-groups; do
      : >"$plan/$pa_file"
    done
    copy_or_empty "$state/accounts" "$plan/old" && copy_or_empty "$state/uids" "$plan/uids" &&
      copy_or_empty "$state/shadow" "$plan/retired-before" || exit 1
    collect_ids /etc/passwd user
    collect_ids /etc/group group
    pa_status=0
    plan_groups || pa_status=1
    plan_users || pa_status=1
    plan_members || pa_status=1
    [ $pa_status = 0 ] || exit 1
    write_user_texts && write_group_texts || exit 1
    cat -- "$plan/old" "$plan/records" | sort -u >"$plan/union"
    sort -u -o "$plan/records" -- "$plan/records"
  )
}

accounts_changed() {
  for ac_file in passwd shadow group gshadow; do
    if [ -e "$plan/$ac_file" ] && ! cmp -s -- "$plan/$ac_file" "/etc/$ac_file"; then return 0; fi
  done
  return 1
}

# The lock files of the shadow tools (useradd, passwd ...): /etc/passwd.lock with the pid of its holder, made by
# linking; theirs is respected as long as that process lives. Programs that only lock /etc/.pwd.lock cannot be kept
# out from a shell: replace_database looks again before each rename.
lock_accounts() {
  write_file "$state/account-lock" $$ && sync -f "$state" || return 1
  for la_file in passwd group shadow gshadow; do
    la_tries=0
    printf '%s' $$ >"/etc/$la_file.$$" || return 1
    while ! ln -- "/etc/$la_file.$$" "/etc/$la_file.lock" 2>/dev/null; do
      la_holder=
      { read -r la_holder || true; } 2>/dev/null <"/etc/$la_file.lock"
      case $la_holder in *[!0-9]*) la_holder= ;; esac
      if [ -z "$la_holder" ] || [ "$la_holder" = $$ ] || [ ! -d "/proc/$la_holder" ]; then
        rm -f -- "/etc/$la_file.lock"
      elif [ $la_tries -ge 100 ]; then
        problem "process $la_holder keeps /etc/$la_file locked"
        rm -f -- "/etc/$la_file.$$"
        unlock_accounts
        return 1
      else
        sleep 0.1
      fi
      la_tries=$((la_tries + 1))
    done
    rm -f -- "/etc/$la_file.$$"
  done
}

unlock_accounts() {
  for ul_file in gshadow shadow group passwd; do unlock_database $ul_file $$; done
  rm -f -- "$state/account-lock"
}

# unlock_database FILE HOLDER: nobody else's lock.
unlock_database() {
  ud_holder=
  { read -r ud_holder || true; } 2>/dev/null <"/etc/$1.lock"
  if [ -n "$ud_holder" ] && [ "$ud_holder" = "$2" ]; then rm -f -- "/etc/$1.lock"; fi
}

# What is on disk must have root's line just as it was, or nothing is replaced.
same_root() {
  find_line "/etc/$1" root || return 0
  sr_line=$found
  find_line "$plan/$1" root && [ "$found" = "$sr_line" ]
}

replace_database() {
  [ -e "$plan/$1" ] || return 0
  rm -f -- "/etc/.nixus-new.$1"
  if cmp -s -- "$plan/$1" "/etc/$1"; then return 0; fi
  case $1 in
    passwd | shadow)
      if ! same_root "$1"; then
        problem "the new /etc/$1 would change root's line; it was not written"
        return 1
      fi
      ;;
  esac
  # The copy brings owner, mode and labels; the contents follow.
  cp -a -T -- "/etc/$1" "/etc/.nixus-new.$1" && cat -- "$plan/$1" >"/etc/.nixus-new.$1" &&
    sync "/etc/.nixus-new.$1" && mv -T -- "/etc/.nixus-new.$1" "/etc/$1"
}

write_state() {
  cat -- "$1" >"$2~" && chmod 600 "$2~" && mv -T -- "$2~" "$2"
}

create_homes() {
  ch_status=0
  while IFS=: read -r home id gid; do
    if exists "$home"; then continue; fi
    # It gets its name when it has its owner.
    if ! { write_file "$state/unfinished-home" "$home.nixus-new" && mkdir -p -- "${home%/*}/" &&
      mkdir -m 0700 -- "$home.nixus-new" && chown -- "$id:$gid" "$home.nixus-new" &&
      mv -T -- "$home.nixus-new" "$home" && rm -f -- "$state/unfinished-home"; }; then
      problem "the home $home could not be made"
      ch_status=1
    fi
  done <"$plan/homes"
  return $ch_status
}

# What an interrupted run left: lock files of a process that is gone, new texts, an empty directory.
clean_up_accounts() {
  if [ -e "$state/account-lock" ]; then
    cu_holder=
    read -r cu_holder <"$state/account-lock" || true
    for cu_file in passwd group shadow gshadow; do
      rm -f -- "/etc/$cu_file.$cu_holder" "/etc/.nixus-new.$cu_file"
      unlock_database $cu_file "$cu_holder"
    done
    rm -f -- "$state/account-lock"
  fi
  if [ -e "$state/unfinished-home" ]; then
    cu_home=
    read -r cu_home <"$state/unfinished-home" || true
    case $cu_home in /*.nixus-new) rmdir -- "$cu_home" 2>/dev/null || true ;; esac
    rm -f -- "$state/unfinished-home"
  fi
}

# Plans anew under the lock, then writes: our records, the databases, the final records.
apply_accounts() {
  clean_up_accounts
  plan_accounts || return 1
  if ! accounts_changed && cmp -s -- "$plan/records" "$plan/old" && has_all_ids; then
    create_homes
    return
  fi
  lock_accounts || return 1
  accounts_locked=1
  aa_status=0
  if plan_accounts &&
    write_state "$plan/union" "$state/accounts" && write_state "$plan/uids" "$state/uids" &&
    write_state "$plan/retired" "$state/shadow" && sync -f "$state" &&
    replace_database group && replace_database gshadow && replace_database passwd && replace_database shadow &&
    sync -f /etc; then
    write_state "$plan/records" "$state/accounts" || aa_status=1
  else
    aa_status=1
  fi
  unlock_accounts
  accounts_locked=
  create_homes || aa_status=1
  return $aa_status
}

has_all_ids() {
  if [ -e "$state/uids" ]; then cmp -s -- "$plan/uids" "$state/uids"; else [ ! -s "$plan/uids" ]; fi
}
