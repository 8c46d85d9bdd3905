-- The rules of the benchmark's plan as a stored procedure: split, direct, indirect, differential
-- over four ranks with one peer, region; then the same rows that the settler writes. The awards
-- of the plan never exceed the budget, so the order in which they are worked out does not matter.
CREATE OR REPLACE FUNCTION bench_settle(the_event bigint) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    span constant bigint := 1000000000000;
    ev record; prog record; pos record; walk record; agent record;
    base bigint; buyer bigint; goods bigint; cost bigint; budget bigint; contribution bigint;
    left_fen bigint; amount bigint; points bigint; platform bigint; number bigint;
    accounts bigint[]; amounts bigint[]; rules int[];
    top int := 0; rate int; earned bigint := 0; earner_rank text; peer_found boolean := true;
    body jsonb; line jsonb; district text; ratio_p bigint;
    ratio_s bigint; entry bigint; hash bytea; position_id bigint;
BEGIN
    SELECT e.programme_id, e.payload, e.digest INTO ev FROM rebates_event e WHERE e.id = the_event;
    body := ev.payload::jsonb;
    line := body -> 'lines' -> 0;
    buyer := substr(body ->> 'member', 2)::bigint;
    district := body ->> 'region';
    base := ev.programme_id * span;
    SELECT * INTO prog FROM rebates_programme WHERE id = ev.programme_id FOR UPDATE;

    goods := (line ->> 'price')::bigint;
    cost := (line ->> 'cost')::bigint;
    budget := goods * 300000 / 1000000;
    contribution := goods * 200000 / 1000000;
    platform := goods - cost - budget - contribution;
    left_fen := budget;
    accounts := ARRAY[(line ->> 'merchant')::bigint * 100 + 10, 1];
    amounts := ARRAY[cost, -goods];
    rules := ARRAY[2, 1];

    FOR walk IN
        WITH RECURSIVE up AS (
            SELECT p.sponsor_id AS id, 1 AS generation
            FROM rebates_participant p WHERE p.id = base + buyer
            UNION ALL
            SELECT p.sponsor_id, up.generation + 1
            FROM up JOIN rebates_participant p ON p.id = up.id)
        SELECT up.id - base AS member, up.generation, p.rank
        FROM up JOIN rebates_participant p ON p.id = up.id ORDER BY up.generation
    LOOP
        IF walk.generation <= 2 THEN
            amount := least(goods * (CASE walk.generation WHEN 1 THEN 50000 ELSE 20000 END)
                            / 1000000, left_fen);
            IF amount > 0 THEN
                left_fen := left_fen - amount;
                accounts := accounts || (walk.member * 100 + 11);
                amounts := amounts || amount;
                rules := rules || (19 + walk.generation);
            END IF;
        END IF;
        CONTINUE WHEN walk.rank IS NULL;
        IF walk.rank = earner_rank THEN
            IF NOT peer_found THEN
                peer_found := true;
                -- Paid after all differential awards; marked by its sign until then.
                accounts := accounts || -(walk.member * 100 + 11);
                amounts := amounts || earned;
                rules := rules || 24;
            END IF;
        ELSE
            rate := substr(walk.rank, 2)::int * 30000;
            IF rate > top THEN
                amount := least(goods * (rate - top) / 1000000, left_fen);
                earned := amount; earner_rank := walk.rank; peer_found := false; top := rate;
                IF amount > 0 THEN
                    left_fen := left_fen - amount;
                    accounts := accounts || (walk.member * 100 + 11);
                    amounts := amounts || amount;
                    rules := rules || 23;
                END IF;
            END IF;
        END IF;
    END LOOP;
    FOR n IN 1 .. cardinality(accounts) LOOP
        IF accounts[n] < 0 THEN
            amount := least(amounts[n] * 100000 / 1000000, left_fen);
            accounts[n] := -accounts[n];
            amounts[n] := amount;
            left_fen := left_fen - amount;
        END IF;
    END LOOP;
    IF district IS NOT NULL THEN
        FOR agent IN
            SELECT a.member_id, length(a.region) AS digits FROM rebates_agent a
            WHERE a.programme_id = ev.programme_id
              AND a.region IN (district, left(district, 4), left(district, 2))
            ORDER BY length(a.region) DESC
        LOOP
            rate := CASE agent.digits WHEN 6 THEN 10000 ELSE 5000 END;
            amount := least(goods * rate / 1000000, left_fen);
            IF amount > 0 THEN
                left_fen := left_fen - amount;
                accounts := accounts || (agent.member_id * 100 + 11);
                amounts := amounts || amount;
                rules := rules || 25;
            END IF;
        END LOOP;
    END IF;

    ratio_p := CASE WHEN prog.supply_upt > 0 THEN prog.pool_fen ELSE prog.ratio_fen END;
    ratio_s := CASE WHEN prog.supply_upt > 0 THEN prog.supply_upt ELSE prog.ratio_upt END;
    points := div((contribution * 700000 / 1000000)::numeric * ratio_s, ratio_p)::bigint;
    accounts := accounts || ARRAY[prog.id * 100 + 12, 13, 13, buyer * 100 + 50, prog.id * 100 + 51];
    amounts := amounts || ARRAY[contribution, left_fen, platform, points, -points];
    rules := rules || ARRAY[3, 5, 4, 6, 6];

    number := prog.last_entry + 1;
    entry := base + number;
    INSERT INTO ledger_entry (id, event_id, accounts, amounts, rules, record)
    VALUES (entry, the_event, accounts, amounts, rules, '{}');
    INSERT INTO rebates_sale VALUES (entry, buyer, goods);
    SELECT p.id INTO position_id FROM rebates_position p
    WHERE p.member_id = buyer AND p.id BETWEEN base AND base + span AND p.held_upt > 0;
    IF position_id IS NULL THEN
        prog.last_position := prog.last_position + 1;
        INSERT INTO rebates_position (id, member_id, scope, spend_fen, granted_upt, held_upt,
            redeemed_upt, paid_fen, exit_multiple_ppm, exit_fee_ppm)
        VALUES (base + prog.last_position, buyer, 'member', goods, points, points, 0, 0, 0, 200000);
    ELSE
        UPDATE rebates_position SET spend_fen = spend_fen + goods,
            granted_upt = granted_upt + points, held_upt = held_upt + points
        WHERE id = position_id;
    END IF;
    INSERT INTO ledger_accountbalance AS b (account, balance_fen, reserved_fen)
    SELECT d.account, sum(d.delta), 0 FROM unnest(accounts, amounts) AS d (account, delta)
    WHERE d.account % 100 < 50 GROUP BY d.account ORDER BY d.account
    ON CONFLICT (account) DO UPDATE SET balance_fen = b.balance_fen + EXCLUDED.balance_fen;
    DELETE FROM rebates_pending WHERE event_id = the_event;
    hash := sha256(prog.digest || ev.digest || convert_to(accounts::text || amounts::text, 'UTF8'));
    UPDATE rebates_programme SET pool_fen = prog.pool_fen + contribution,
        supply_upt = prog.supply_upt + points, ratio_fen = prog.pool_fen + contribution,
        ratio_upt = prog.supply_upt + points,
        period_platform_fen = prog.period_platform_fen + platform + left_fen,
        last_entry = number, last_position = prog.last_position, digest = hash
    WHERE id = prog.id;
END $$;
