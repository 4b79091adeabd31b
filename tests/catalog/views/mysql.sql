select `t`.`note` AS `n` from `main`.`t`
select concat(`main`.`t`.`note`,'x') AS `n` from `main`.`t`
select if(`t`.`note` > 'x',1,2) AS `n` from `main`.`t`
select cast(`t`.`note` as char charset utf8mb4) AS `n` from `main`.`t`
select convert(`t`.`note` using utf8mb4) AS `n` from `main`.`t`
select `t`.`note` collate utf8mb4_bin AS `n` from `main`.`t`
select group_concat(`t`.`id` order by `t`.`note` ASC separator ',') AS `n` from `main`.`t`
select `t`.`at` + interval length(`t`.`note`) day AS `n` from `main`.`t`
select `t`.`note` regexp '^a' AS `n` from `main`.`t`
select elt(length(`t`.`note`),'a','b') AS `n` from `main`.`t`
select json_value(json_object('a',`t`.`note`),'$.a') AS `n` from `main`.`t`
select rank() over ( order by `t`.`note`) AS `n` from `main`.`t`
select `x`.`n` AS `n` from (`main`.`w` join (select `main`.`t`.`note` AS `n`,`main`.`t`.`id` AS `id` from `main`.`t`) `x` on(`x`.`id` = `main`.`w`.`id`))
select `t`.`note` AS `m`,(select `m`) AS `n` from `main`.`t`
select load_file('/x') AS `n`,`t`.`note` AS `m` from `main`.`t`
select straight_join `t`.`note` AS `n` from (`main`.`w` straight_join `main`.`t`)
