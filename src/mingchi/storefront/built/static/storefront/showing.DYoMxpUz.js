import{o,H as a}from"./index-Bdz-4xiE.js";function s(s){o(()=>{a.value&&s()})}export{s as o};
