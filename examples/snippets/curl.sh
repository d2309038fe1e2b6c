curl --no-buffer \
  --header "Authorization: Bearer $TOKEN" \
  '__GATEWAY__/stream/?__QUERY__'
